import type { Logger } from '@kwota/service-kit/logger';
import { CreditAccountsRepository } from '../credit-accounts/credit-accounts.repository.js';
import { FactsRelay } from '../credit-accounts/facts.relay.js';
import { LedgerWriter } from '../credit-accounts/ledger-writer.js';
import { StateDiffers, TakeSnapshotsHandler } from './take-snapshots.handler.js';

const everyMs = 2_000;
/** A start folds at least 150,000 events a second: this many are a third of the two seconds that it may take (DESIGN §10). */
const eventsBehindMin = 100_000;
/** Below this rate there is time to spare. */
const busyEventsPerTick = 500;
/** Then it is done under load as well: a start would take half a minute. */
const eventsBehindMax = 5_000_000;

/** Takes snapshots when the ledger has little to do, off the hot path. */
export class TakeSnapshotsTimer {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private appendedAtLastLook = 0;
  private coveredAppended: number;

  constructor(
    private readonly accounts: CreditAccountsRepository,
    private readonly writer: LedgerWriter,
    private readonly relay: FactsRelay,
    private readonly takeSnapshots: TakeSnapshotsHandler,
    private readonly log: Logger,
  ) {
    this.coveredAppended = -accounts.foldedAtLoad;
  }

  start(): void {
    this.timer = setInterval(() => this.look(), everyMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private look(): void {
    const { appendedEvents } = this.writer;
    const isBusy = appendedEvents - this.appendedAtLastLook > busyEventsPerTick;
    this.appendedAtLastLook = appendedEvents;
    const behind = appendedEvents - this.coveredAppended;
    if (this.running || behind < eventsBehindMin || (isBusy && behind < eventsBehindMax)) return;
    // A fact that is not out yet must be read again by a start.
    if (!this.relay.isNoted()) return;
    this.running = this.take(appendedEvents).finally(() => (this.running = undefined));
  }

  private async take(appendedEvents: number): Promise<void> {
    try {
      await this.takeSnapshots.handle(this.accounts.positionAtLoad + appendedEvents);
      this.coveredAppended = appendedEvents;
    } catch (error) {
      if (error instanceof StateDiffers) this.writer.distrust(error);
      this.log.error({ err: { type: (error as Error).name, message: (error as Error).message } }, 'snapshots could not be taken');
    }
  }
}
