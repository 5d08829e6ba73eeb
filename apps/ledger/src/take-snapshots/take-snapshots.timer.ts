import type { EventStore } from '@kwota/event-store';
import type { Logger } from '@kwota/service-kit/logger';
import { CreditAccountsRepository } from '../credit-accounts/credit-accounts.repository.js';
import { FactsRelay } from '../credit-accounts/facts.relay.js';
import { LedgerWriter } from '../credit-accounts/ledger-writer.js';
import { OwnPartitions } from '../credit-accounts/own-partitions.js';
import { StateDiffers, TakeSnapshotsHandler } from './take-snapshots.handler.js';

const everyMs = 2_000;
/** A start folds at least 150,000 events a second: this many are a third of the two seconds that it may take (DESIGN §10). */
const eventsBehindMin = 100_000;
/** Above this rate, 3,000 a second, a burst goes first. */
const busyEventsPerTick = 6_000;
/** Then it is done under any load: a start would take ten seconds. */
const eventsBehindMax = 1_500_000;
/** While there is work, it folds some hundred events every so often: a twentieth of a core. */
const pauseUnderLoadMs = 30;

/** Takes snapshots off the hot path, when the ledger has little to do. */
export class TakeSnapshotsTimer {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private appendedAtLastLook = 0;
  private coveredAppended = 0;
  /** What was read at the start counts as behind once. */
  private foldedCounted = 0;
  private appendedAtLastTurn = 0;
  private readonly takeSnapshots: TakeSnapshotsHandler;

  constructor(
    private readonly accounts: CreditAccountsRepository,
    private readonly writer: LedgerWriter,
    private readonly relay: FactsRelay,
    private readonly partitions: OwnPartitions,
    store: EventStore,
    private readonly log: Logger,
  ) {
    const published = () => store.loadMarks(FactsRelay.mark);
    this.takeSnapshots = new TakeSnapshotsHandler(accounts, store, (account) => partitions.owns(account), () => this.giveWay(), published);
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
    const { foldedAtLoad } = this.accounts;
    const behind = appendedEvents - this.coveredAppended + foldedAtLoad - this.foldedCounted;
    if (this.running || behind < eventsBehindMin || (isBusy && behind < eventsBehindMax)) return;
    this.running = this.take(appendedEvents, foldedAtLoad).finally(() => (this.running = undefined));
  }

  private giveWay(): Promise<void> {
    const { appendedEvents } = this.writer;
    const isIdle = appendedEvents === this.appendedAtLastTurn;
    this.appendedAtLastTurn = appendedEvents;
    return new Promise((resolve) => (isIdle ? setImmediate(resolve) : setTimeout(resolve, pauseUnderLoadMs)));
  }

  private async take(appendedEvents: number, foldedAtLoad: number): Promise<void> {
    try {
      const upTo = this.partitions.durableUpTo;
      // A fact that is not out yet must be read again by a start.
      if (!(await this.relay.isNoted())) return;
      await this.takeSnapshots.handle(upTo);
      this.coveredAppended = appendedEvents;
      this.foldedCounted = foldedAtLoad;
    } catch (error) {
      if (error instanceof StateDiffers) this.writer.distrust(error);
      this.log.error({ err: { type: (error as Error).name, message: (error as Error).message } }, 'snapshots could not be taken');
    }
  }
}
