import type { Logger } from './logger.js';

/**
 * Work that comes round by the clock, one at a time: a round that is due while the one before it runs is left out, and another kind of work waits for its turn.
 * What fails is told, by its error's name alone, and tried again in the next round.
 */
export class Rounds {
  private readonly timers: NodeJS.Timeout[] = [];
  /** What is under way, and what waits behind it. */
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  /** `failure`: what could not be done, for the log. */
  constructor(
    private readonly log: Logger,
    private readonly failure: string,
  ) {}

  /** For work that goes through many rows: it may end early, for the next start goes on with it. */
  get isStopped(): boolean {
    return this.stopped;
  }

  every(intervalMs: number, work: () => Promise<void>): void {
    let isDue = false;
    const round = async (): Promise<void> => {
      try {
        if (!this.stopped) await work();
      } catch (error) {
        this.log.error({ err: { type: (error as Error).name } }, `${this.failure}; trying again`);
      } finally {
        isDue = false;
      }
    };
    const begin = (): void => {
      if (!isDue) this.running = this.running.then(round);
      isDue = true;
    };
    this.timers.push(setInterval(begin, intervalMs));
  }

  /** No round begins any more; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearInterval(timer);
    await this.running;
  }
}
