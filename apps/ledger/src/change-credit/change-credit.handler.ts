import { leftTo, postingsOf, type CreditAccount, type CreditCommand, type CreditEvent, type Decision } from '@kwota/credit-ledger';
import type { IncomingMessage } from '@kwota/messaging';
import { TransientFailure } from '@kwota/messaging/failures';
import { Injectable } from '@nestjs/common';
import { CreditAccountsRepository } from '../credit-accounts/credit-accounts.repository.js';
import { LedgerWriter } from '../credit-accounts/ledger-writer.js';
import { causeOf } from '../hold-credits/hold-credits.handler.js';

type Reply = Readonly<{ outcome: 'done' | 'refused'; code?: string } & Record<string, unknown>>;

/** Load, decide, append, answer. */
@Injectable()
export class ChangeCreditHandler {
  constructor(
    private readonly accounts: CreditAccountsRepository,
    private readonly writer: LedgerWriter,
  ) {}

  /** Answers only when the decision is durable. @throws TransientFailure when it could not be made so. */
  async handle(account: string, command: CreditCommand, incoming: IncomingMessage): Promise<Reply> {
    await this.accounts.ensureLoaded([account]);
    const { state } = this.accounts.get(account);
    const before = leftOf(state, command);
    const decision = this.writer.decide(account, command, causeOf(incoming));
    const reply = this.replyOf(decision, before);
    await this.writer.flushed();
    return reply;
  }

  /** What would it lead to? Nothing changes. */
  async weigh(account: string, command: CreditCommand): Promise<Reply> {
    await this.accounts.ensureLoaded([account]);
    const before = leftOf(this.accounts.get(account).state, command);
    const reply = this.replyOf(this.writer.weigh(account, command), before);
    await this.writer.flushed();
    return reply;
  }

  private replyOf(decision: Decision, before: Left): Reply {
    const { events, refusal } = decision;
    if (!refusal) {
      const closed = events.find((event) => event.type === 'UserClosed');
      return { outcome: 'done', ...leftAfter(decision.events, before), returnedMilliCredits: closed?.returnedMilliCredits ?? 0 };
    }
    const { code, leftMilliCredits, largestMilliCredits } = refusal;
    // Whoever still waits for it may ask again, behind what came after it.
    if (code === 'too-old') throw new TransientFailure('ledger', 'the log gives it again, and how it ended is not known');
    return { outcome: 'refused', code, leftMilliCredits, ...(largestMilliCredits === undefined ? {} : { largestMilliCredits }) };
  }
}

/** Of the pool, and of the user whom the command is about. */
type Left = Readonly<{ poolMilliCredits: number; leftMilliCredits?: number }>;

const leftOf = (state: CreditAccount, command: CreditCommand): Left => {
  const { poolMilliCredits } = state;
  return command.type === 'SetQuota' ? { poolMilliCredits, leftMilliCredits: leftTo(state, command.userId) } : { poolMilliCredits };
};

/** By the events' own postings, whether they were folded or only weighed. */
const leftAfter = (events: readonly CreditEvent[], { poolMilliCredits, leftMilliCredits }: Left): Left => {
  const postings = events.flatMap(postingsOf).filter(({ account }) => account === 'pool');
  const pool = postings.reduce((sum, { amountMilliCredits }) => sum + amountMilliCredits, poolMilliCredits);
  if (leftMilliCredits === undefined) return { poolMilliCredits: pool };
  const [quota] = events;
  if (quota?.type === 'QuotaAllocated') return { poolMilliCredits: pool, leftMilliCredits: quota.amountMilliCredits };
  if (quota?.type === 'QuotaChanged') return { poolMilliCredits: pool, leftMilliCredits: quota.toMilliCredits };
  return { poolMilliCredits: pool, leftMilliCredits: quota?.type === 'QuotaReturned' ? pool : leftMilliCredits };
};
