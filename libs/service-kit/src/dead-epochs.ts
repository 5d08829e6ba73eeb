/** An epoch of another instance whose lock nobody holds at this moment; `ended`: its instance has stopped and said so. */
export type FreeEpoch = Readonly<{ epoch: number; ended: boolean }>;

/** Which epochs are dead, from looks every so often: those that gave no sign of life at any look within the grace. Pure. */
export class DeadEpochs {
  private freeSinceMs = new Map<number, number>();
  private lookedAtMs = -Infinity;

  constructor(
    private readonly graceMs: number,
    private readonly lookIntervalMs: number,
  ) {}

  /** @param free what is free at this look. @param nowMs on a clock that only grows. */
  among(free: readonly FreeEpoch[], nowMs: number): number[] {
    // Who was paused, or waited, does not know what was in between.
    const isLate = nowMs - this.lookedAtMs > 2 * this.lookIntervalMs;
    this.lookedAtMs = nowMs;
    const knownSinceMs = isLate ? new Map<number, number>() : this.freeSinceMs;
    this.freeSinceMs = new Map(free.map(({ epoch }) => [epoch, knownSinceMs.get(epoch) ?? nowMs]));
    return free.filter(({ epoch, ended }) => ended || nowMs - (this.freeSinceMs.get(epoch) ?? nowMs) >= this.graceMs).map(({ epoch }) => epoch);
  }

  /** A look failed: when the server comes back, all have as much time as from then on. */
  startOver(): void {
    this.freeSinceMs.clear();
  }
}
