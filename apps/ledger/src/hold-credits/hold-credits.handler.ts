import { accepted, type Accepted } from '@kwota/contracts/accepted.v1';
import { submissionReplyType, type SendRefusal, type SendSubmission, type Submission, type SubmissionReply, type WithdrawSubmission } from '@kwota/contracts/submissions.v1';
import { chargeOf, isApplied, type HoldCredits } from '@kwota/credit-ledger';
import { Messaging, type IncomingMessage, type OutgoingMessage } from '@kwota/messaging';
import { replyTo } from '@kwota/messaging/requests';
import type { Logger } from '@kwota/service-kit/logger';
import type { Received } from '@kwota/service-kit/messaging-strategy';
import { CreditAccountsRepository } from '../credit-accounts/credit-accounts.repository.js';
import { LedgerWriter, type Cause } from '../credit-accounts/ledger-writer.js';
import { LedgerSettings } from '../ledger-settings.js';
import { holdCommandOf } from './hold-command.js';

/** The next submissions take what is accepted along with them, where they come so soon. */
const handOnLingerMs = 5;

type Outcome = Readonly<{ reply?: OutgoingMessage | undefined; accepted?: OutgoingMessage | undefined }>;

/**
 * Holds the price of each submission or refuses it, takes withdrawals, a whole batch with one append: decided in memory in order, then
 * durable, then answered, then handed on. The position in the log moves when `accepted` has it (DESIGN §3.2).
 */
export class HoldCreditsHandler {
  constructor(
    private readonly accounts: CreditAccountsRepository,
    private readonly writer: LedgerWriter,
    private readonly messaging: Messaging,
    private readonly settings: LedgerSettings,
    private readonly log: Logger,
  ) {}

  async handle(batch: readonly Received<Submission>[]): Promise<void> {
    await this.accounts.ensureLoaded(new Set(batch.map(({ message }) => message.account)));
    const outcomes = batch.map(({ message, incoming }) => (message.kind === 'send' ? this.hold(message, incoming) : this.withdraw(message, incoming)));
    await this.writer.flushed();

    const replies = outcomes.flatMap(({ reply }) => (reply ? [reply] : []));
    // An asker whose reply is lost gives up and withdraws; the batch must not come again for that.
    if (replies.length > 0) this.messaging.publish(replies).catch(() => this.log.warn({ replies: replies.length }, 'replies could not be published'));
    const handedOn = outcomes.flatMap(({ accepted: record }) => (record ? [record] : []));
    if (handedOn.length > 0) await this.messaging.publish(handedOn, { until: 'ordered', lingerMs: handOnLingerMs });
  }

  private hold(submission: SendSubmission, incoming: IncomingMessage): Outcome {
    const { account } = submission;
    const cause = causeOf(incoming);
    const alreadyApplied = cause.source !== null && isApplied(this.accounts.get(account).state, cause.source);
    const command: HoldCredits = { alreadyApplied, ...holdCommandOf(submission, this.settings, incoming.timestampMs) };
    const { held, refusal } = this.writer.hold(account, command, cause);
    const reply: SubmissionReply = held
      ? { outcome: 'accepted', messageIds: [...held.messageIds], takenMilliCredits: held.takenMilliCredits, leftMilliCredits: held.leftMilliCredits }
      : { outcome: 'refused', code: refusal.code as SendRefusal, leftMilliCredits: refusal.leftMilliCredits };
    return {
      reply: replyTo(incoming, JSON.stringify(reply), { ce_type: submissionReplyType, ce_source: 'kwota/ledger' }, reply),
      // Under a known client key the first submission's messages are on their way already.
      accepted: held && held.repeats !== 'client-key' ? this.acceptedOf(submission, command.messages, held.heldAtMs) : undefined,
    };
  }

  private acceptedOf(submission: SendSubmission, prices: readonly { amountMilliCredits: number }[], acceptedAtMs: number): OutgoingMessage {
    const { state } = this.accounts.get(submission.account);
    const { account, userId, messageIds, receivers, sender, text, coding, parts, noStop, source, tag, messageClass, priority, crossingId, deferredUntilMs } = submission;
    const record: Accepted = {
      kind: 'accepted',
      account,
      userId,
      messages: messageIds.map((messageId, index) => ({
        messageId,
        receiver: receivers[index] ?? '',
        // What was held, also when a repeat comes under other rates.
        priceMilliCredits: chargeOf(state, messageId)?.amountMilliCredits ?? prices[index]?.amountMilliCredits ?? 0,
      })),
      sender,
      text,
      coding,
      parts,
      noStop,
      source,
      tag,
      messageClass,
      priority,
      crossingId,
      deferredUntilMs,
      acceptedAtMs,
      validUntilMs: (deferredUntilMs ?? acceptedAtMs) + (submission.validityMs ?? this.settings.defaultValidityMs),
    };
    return accepted.message(record, { id: String(messageIds[0]), source: 'kwota/ledger' });
  }

  private withdraw({ account, userId, messageIds }: WithdrawSubmission, incoming: IncomingMessage): Outcome {
    this.writer.decide(account, { type: 'WithdrawMessages', messageIds }, causeOf(incoming));
    const record: Accepted = { kind: 'withdrawn', account, userId, messageIds, withdrawnAtMs: this.accounts.get(account).state.timeMs };
    return { accepted: accepted.message(record, { id: `withdrawn-${messageIds[0]}`, source: 'kwota/ledger' }) };
  }
}

export const causeOf = ({ headers, topic, partition, offset, durable }: IncomingMessage): Cause => {
  const commandId = headers['ce_id'] ?? `${topic}/${partition}/${offset}`;
  return { commandId, correlationId: headers['correlation-id'] ?? commandId, source: { topic, partition, offset }, durable };
};
