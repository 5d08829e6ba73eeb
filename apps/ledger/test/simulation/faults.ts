import type { Chance } from './chance.js';
import type { SimulatedTime } from './simulated-time.js';

export type Fault = 'none' | 'before' | 'after';

/** What goes wrong, by chance, until it is switched off so that a history can come to rest. */
export class Faults {
  areOn = true;
  /** The store answers nobody until then. */
  storeIsAwayUntilMs = 0;

  constructor(
    readonly chance: Chance,
    readonly time: SimulatedTime,
    private readonly percent: number,
  ) {}

  /** Failing before anything is done, or after it: the outcome is unknown to whoever asked. */
  next(): Fault {
    if (!this.areOn || !this.chance.percent(this.percent)) return 'none';
    return this.chance.percent(50) ? 'before' : 'after';
  }

  get storeIsAway(): boolean {
    return this.areOn && this.time.nowMs < this.storeIsAwayUntilMs;
  }

  happens(): boolean {
    return this.areOn && this.chance.percent(this.percent);
  }

  /** Mostly quick, now and then slow. */
  delay(): Promise<void> {
    return this.time.pause(this.happens() ? this.chance.below(3_000) : this.chance.below(8));
  }
}

/** A process that was killed never hears of anything again, and what it had not handed over is lost. */
export class Lifeline {
  isCut = false;

  /** Never resolves once the process is dead. */
  async hold<Value>(work: Promise<Value>): Promise<Value> {
    try {
      const value = await work;
      return this.isCut ? await new Promise<never>(() => undefined) : value;
    } catch (error) {
      if (this.isCut) return new Promise<never>(() => undefined);
      throw error;
    }
  }
}
