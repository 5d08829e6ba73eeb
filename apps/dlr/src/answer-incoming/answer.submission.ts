import { readJson } from '@kwota/contracts/define-topic';
import { submissionReplySchema, submissions, type SendSubmission } from '@kwota/contracts/submissions.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { measureText } from '@kwota/sms-text';
import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { MessageIds } from './message-ids.js';

/** A text back to a phone; `messageId` once it has one, so that a repeat is the same message. */
export type Answer = Readonly<{ receiver: string; sender: string; text: string; messageId?: number }>;

const senderLengthMax = 16;
/** An answer that the ledger reads later than that helps nobody. */
const deadlineMs = 60 * 60 * 1_000;
const replyWithinMs = 5_000;

/** An automatic answer is a submission like any other, paid from the account's pool. */
@Injectable()
export class AnswerSubmission {
  constructor(
    private readonly requests: RequestClient,
    private readonly messageIds: MessageIds,
  ) {}

  /** @throws ServiceUnavailable when users does not answer. */
  async withId(answer: Answer): Promise<Answer & { messageId: number }> {
    return { ...answer, messageId: answer.messageId ?? (await this.messageIds.take()) };
  }

  /** True: the ledger has decided, whatever it was. A repeat has the ledger repeat its outcome. @throws when no answer came. */
  async send(account: string, { receiver, sender, text, messageId }: Answer & { messageId: number }, createdAtMs: number): Promise<boolean> {
    const { coding, parts } = measureText(text);
    const submission: SendSubmission = {
      kind: 'send',
      account,
      userId: null,
      messageIds: [messageId],
      receivers: [receiver],
      sender: sender.slice(0, senderLengthMax),
      text,
      coding,
      parts,
      noStop: true,
      source: 'answer',
      submittedAtMs: createdAtMs,
      deadlineMs: createdAtMs + deadlineMs,
    };
    const reply = await this.requests.raw.request(submissions.message(submission, { id: String(messageId), source: 'kwota/dlr' }), randomUUID(), replyWithinMs);
    const read = readJson(submissionReplySchema, reply.value ?? 'null');
    return 'message' in read && read.message.outcome !== 'failed';
  }
}
