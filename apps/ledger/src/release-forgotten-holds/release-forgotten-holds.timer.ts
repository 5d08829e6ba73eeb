import { dueCharges } from '@kwota/credit-ledger';
import type { Logger } from '@kwota/service-kit/logger';
import { CreditAccountsRepository } from '../credit-accounts/credit-accounts.repository.js';
import { LedgerClock } from '../credit-accounts/ledger-clock.js';
import { LedgerWriter } from '../credit-accounts/ledger-writer.js';

const everyMs = 60_000;
/** Some milliseconds' work, then whoever waits has a turn. */
export const holdsPerTick = 500;

/** The net under dlr's final for silence (DESIGN §3.6): a tick in the log ends holds that nothing has settled for seven days after their validity. */
export class ReleaseForgottenHoldsTimer {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly accounts: CreditAccountsRepository,
    private readonly writer: LedgerWriter,
    private readonly clock: LedgerClock,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.tick(), everyMs).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  async tick(): Promise<void> {
    try {
      const untilMs = this.clock.nowMs();
      for (const { account, state } of [...this.accounts.all()]) {
        if (dueCharges(state, untilMs, 1).next().done) continue;
        const holds = await this.release(account, untilMs);
        this.log.error({ account, holds }, 'holds were settled by the ledger itself: their messages were forgotten');
      }
    } catch (error) {
      this.log.error({ err: { type: (error as Error).name } }, 'a tick failed; the next one repeats it');
    }
  }

  /** Each tick is durable before the next; gives how many holds they ended. */
  private async release(account: string, untilMs: number): Promise<number> {
    const cause = { commandId: `tick-${untilMs}`, correlationId: `tick-${untilMs}`, source: null };
    for (let holds = 0; ; ) {
      // It may have become another ledger's meanwhile.
      if (!this.accounts.find(account)) return holds;
      const { events } = this.writer.decide(account, { type: 'Tick', untilMs, limit: holdsPerTick }, cause);
      await this.writer.flushed();
      if (events.length === 0) return holds;
      holds += events.length - 1;
    }
  }
}
