import { dueCharges } from '@kwota/credit-ledger';
import type { Logger } from '@kwota/service-kit/logger';
import { CreditAccountsRepository } from '../credit-accounts/credit-accounts.repository.js';
import { LedgerClock } from '../credit-accounts/ledger-clock.js';
import { LedgerWriter } from '../credit-accounts/ledger-writer.js';

const everyMs = 60_000;
/** One commit's worth; the next tick takes the next. */
const holdsPerTick = 10_000;

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
        const cause = { commandId: `tick-${untilMs}`, correlationId: `tick-${untilMs}`, source: null };
        const { events } = this.writer.decide(account, { type: 'Tick', untilMs, limit: holdsPerTick }, cause);
        if (events.length > 0) this.log.error({ account, events: events.length }, 'holds were settled by the ledger itself: their messages were forgotten');
      }
      await this.writer.flushed();
    } catch (error) {
      this.log.error({ err: { type: (error as Error).name } }, 'a tick failed; the next one repeats it');
    }
  }
}
