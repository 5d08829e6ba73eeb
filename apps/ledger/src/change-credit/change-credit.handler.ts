import type { CreditCommand, Decision } from '@kwota/credit-ledger';
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
    const reply = this.replyOf(account, this.writer.decide(account, command, causeOf(incoming)));
    await this.writer.flushed();
    return reply;
  }

  /** Would it be refused? Nothing changes. */
  async weigh(account: string, command: CreditCommand): Promise<Reply> {
    await this.accounts.ensureLoaded([account]);
    const reply = this.replyOf(account, this.writer.weigh(account, command));
    await this.writer.flushed();
    return reply;
  }

  private replyOf(account: string, decision: Decision): Reply {
    const { events, refusal } = decision;
    if (!refusal) {
      const closed = events.find((event) => event.type === 'UserClosed');
      return { outcome: 'done', poolMilliCredits: this.accounts.get(account).state.poolMilliCredits, returnedMilliCredits: closed?.returnedMilliCredits ?? 0 };
    }
    const { code, leftMilliCredits, largestMilliCredits } = refusal;
    // Whoever still waits for it may ask again, behind what came after it.
    if (code === 'too-old') throw new TransientFailure('ledger', 'the log gives it again, and how it ended is not known');
    return { outcome: 'refused', code, leftMilliCredits, ...(largestMilliCredits === undefined ? {} : { largestMilliCredits }) };
  }
}
