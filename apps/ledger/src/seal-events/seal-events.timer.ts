import type { Logger } from '@kwota/service-kit/logger';
import { LedgerWriter } from '../credit-accounts/ledger-writer.js';
import { SealEventsHandler, SealingRefused } from './seal-events.handler.js';

/** While decisions are made it takes 200 events so often, 6,600 a second: a burst goes first, and it catches up after. */
const pauseUnderLoadMs = 30;
/** Of the ten seconds that a stop may take: what is not sealed then is sealed by the next start. */
const lastSealMsMax = 2_000;

/** Seals now and then, off the hot path, and once more at the stop. */
export class SealEventsTimer {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private hasRefused = false;
  private endMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly sealEvents: SealEventsHandler,
    private readonly everyMs: number,
    private readonly log: Logger,
  ) {}

  /** 1 when nothing is signed any more. */
  get refused(): number {
    return this.hasRefused ? 1 : 0;
  }

  start(): void {
    this.timer = setInterval(() => void this.seal(), this.everyMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    // One under way looks at it, too.
    this.endMs = Date.now() + lastSealMsMax;
    await this.running;
    await this.seal();
  }

  private seal(): Promise<void> {
    if (!this.hasRefused) this.running ??= this.trySealing().finally(() => (this.running = undefined));
    return this.running ?? Promise.resolve();
  }

  private async trySealing(): Promise<void> {
    try {
      await this.sealEvents.handle(() => this.endMs);
    } catch (error) {
      const err = { type: (error as Error).name, message: (error as Error).message };
      this.hasRefused = error instanceof SealingRefused;
      if (this.hasRefused) this.log.error({ err }, 'events are sealed no more: the store is not the one that was sealed');
      else this.log.warn({ err }, 'events could not be sealed; trying again');
    }
  }
}

/** Lets others work between two turns of the sealer: a moment while the ledger is idle, longer while it decides. */
export const restBetweenTurns = (writer: Pick<LedgerWriter, 'appendedEvents'>): (() => Promise<void>) => {
  let appendedAtLastTurn = 0;
  return () => {
    const { appendedEvents } = writer;
    const isIdle = appendedEvents === appendedAtLastTurn;
    appendedAtLastTurn = appendedEvents;
    return new Promise((resolve) => (isIdle ? setImmediate(resolve) : setTimeout(resolve, pauseUnderLoadMs)));
  };
};
