// Time that passes only when nothing is left to do. While it is installed every timer of the code under test is in its hands, so that a
// seed gives the same order of events each time, and a minute costs nothing.
type Timer = { atMs: number; readonly order: number; readonly run: () => void; readonly everyMs?: number; unref: () => Timer; ref: () => Timer };

const { setImmediate: turnOfTheRealLoop } = globalThis;
const replaced = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'performance'] as const;

export class SimulatedTime {
  nowMs = 0;
  private order = 0;
  private readonly timers = new Set<Timer>();

  /** Gives back what takes it out again. */
  install(): () => void {
    const real = replaced.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name) as PropertyDescriptor] as const);
    const clear = (timer: Timer | undefined): void => void (timer && this.timers.delete(timer));
    const simulated: Record<(typeof replaced)[number], unknown> = {
      setTimeout: (run: () => void, ms = 0) => this.add(run, ms),
      clearTimeout: clear,
      setInterval: (run: () => void, ms: number) => this.add(run, ms, ms),
      clearInterval: clear,
      setImmediate: (run: () => void) => this.add(run, 0),
      performance: { now: () => this.nowMs },
    };
    for (const name of replaced) Object.defineProperty(globalThis, name, { configurable: true, writable: true, value: simulated[name] });
    return () => {
      for (const [name, descriptor] of real) Object.defineProperty(globalThis, name, descriptor);
    };
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.add(resolve, ms));
  }

  /** Runs what is due, in order, until `isDone` or so much time has passed. True when it is done. */
  async run(isDone: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.nowMs + limitMs;
    for (;;) {
      // All promises that can go on do so before this resolves: nothing in a simulated world waits for real input.
      await new Promise<void>((resolve) => turnOfTheRealLoop(resolve));
      if (isDone()) return true;
      const next = this.next();
      if (!next || next.atMs > endMs) {
        this.nowMs = endMs;
        return false;
      }
      this.nowMs = Math.max(this.nowMs, next.atMs);
      if (next.everyMs === undefined) this.timers.delete(next);
      else next.atMs = this.nowMs + next.everyMs;
      next.run();
    }
  }

  private add(run: () => void, ms: number, everyMs?: number): Timer {
    const itself = (): Timer => timer;
    const timer: Timer = { atMs: this.nowMs + ms, order: (this.order += 1), run, unref: itself, ref: itself, ...(everyMs === undefined ? {} : { everyMs }) };
    this.timers.add(timer);
    return timer;
  }

  private next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers) if (!first || timer.atMs < first.atMs || (timer.atMs === first.atMs && timer.order < first.order)) first = timer;
    return first;
  }
}
