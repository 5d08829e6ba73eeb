import { readJson } from '@kwota/contracts/define-topic';
import { submissionReplySchema, submissions, type SendRefusal, type SendSubmission, type SubmissionReply } from '@kwota/contracts/submissions.v1';
import type { IncomingMessage } from '@kwota/messaging';
import { PublishFailed, RequestTimedOut } from '@kwota/messaging/failures';
import { RequestClient, ServiceUnavailable } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';
import { GatewaySettings } from '../edge/gateway-settings.js';
import { MessageIds } from './message-ids.js';
import { Withdrawals } from './withdrawals.js';

export type MessagesToSend = Omit<SendSubmission, 'kind' | 'messageIds' | 'submittedAtMs' | 'deadlineMs'>;

export type Submitted =
  | { readonly outcome: 'accepted'; readonly messageIds: readonly number[]; readonly takenMilliCredits: number; readonly leftMilliCredits: number }
  | { readonly outcome: 'refused'; readonly code: SendRefusal; readonly leftMilliCredits: number };

/** Hands messages to the ledger and waits for its decision. */
@Injectable()
export class SubmitMessagesClient {
  constructor(
    private readonly requests: RequestClient,
    private readonly messageIds: MessageIds,
    private readonly withdrawals: Withdrawals,
    private readonly settings: GatewaySettings,
  ) {}

  /** @throws ServiceUnavailable when no decision came before the deadline: the submission is withdrawn, nobody is charged. */
  async submit(messages: MessagesToSend): Promise<Submitted> {
    const messageIds = await this.messageIds.take(messages.receivers.length);
    const submittedAtMs = Date.now();
    const timeoutMs = this.settings.sendDeadlineMs;
    const submission: SendSubmission = { kind: 'send', ...messages, messageIds, submittedAtMs, deadlineMs: submittedAtMs + timeoutMs };
    const correlationId = String(messageIds[0]);
    try {
      const outgoing = submissions.message(submission, { id: correlationId, source: 'kwota/gateway' });
      const reply = await this.requests.raw.request(outgoing, correlationId, timeoutMs);
      const decision = readReply(reply);
      if (decision.outcome === 'failed') throw new ServiceUnavailable('ledger: failed');
      return decision;
    } catch (error) {
      this.withdrawals.withdraw({ kind: 'withdraw', account: messages.account, userId: messages.userId, messageIds });
      if (error instanceof RequestTimedOut || error instanceof PublishFailed) throw new ServiceUnavailable('ledger: no decision in time');
      throw error;
    }
  }
}

/** @throws ServiceUnavailable when it breaks its contract. */
const readReply = ({ content, value }: IncomingMessage): SubmissionReply => {
  if (content !== undefined) return content as SubmissionReply;
  const read = readJson(submissionReplySchema, value ?? 'null');
  if ('violation' in read) throw new ServiceUnavailable(`ledger: a reply that breaks its contract: ${read.violation}`);
  return read.message;
};
