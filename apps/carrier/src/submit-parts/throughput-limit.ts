/** So much of a second's submit_sm may go out in one moment. */
const burstSeconds = 0.2;

/** No more submit_sm than so many a second, with bursts of a fifth of it; 0 is no limit. */
export class ThroughputLimit {
  private left = 1;
  private countedAtMs = 0;

  take(perSecondMax: number, nowMs: number): void {
    if (perSecondMax > 0) this.left = this.at(perSecondMax, nowMs) - 1;
    this.countedAtMs = nowMs;
  }

  /** 0: one may go now. */
  waitMs(perSecondMax: number, nowMs: number): number {
    if (perSecondMax === 0) return 0;
    const left = this.at(perSecondMax, nowMs);
    return left >= 1 ? 0 : Math.ceil(((1 - left) / perSecondMax) * 1_000);
  }

  private at(perSecondMax: number, nowMs: number): number {
    const burst = Math.max(1, perSecondMax * burstSeconds);
    return Math.min(burst, this.left + ((nowMs - this.countedAtMs) / 1_000) * perSecondMax);
  }
}
