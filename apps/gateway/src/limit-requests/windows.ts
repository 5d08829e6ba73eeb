const windowMs = 60_000;
/** Memory stays bounded whoever asks: 100,000 entries of about 100 bytes. */
const entriesMax = 100_000;

export type Taken = Readonly<{ allowed: boolean; remaining: number; resetS: number }>;

/** How much each key took in its current minute, in this process. What is refused takes nothing. */
export class MinuteWindows {
  private readonly windows = new Map<string, { taken: number; sinceMs: number }>();

  constructor(private readonly nowMs: () => number) {}

  /** @param count more than `max` at once is refused at any time. */
  take(key: string, count: number, max: number): Taken {
    const nowMs = this.nowMs();
    const known = this.windows.get(key);
    const window = known && nowMs - known.sinceMs < windowMs ? known : { taken: 0, sinceMs: nowMs };
    if (window !== known) {
      // Behind the others: the oldest go first when there are too many.
      this.windows.delete(key);
      this.windows.set(key, window);
      if (this.windows.size > entriesMax) this.windows.delete(this.windows.keys().next().value ?? '');
    }
    const allowed = window.taken + count <= max;
    if (allowed) window.taken += count;
    return { allowed, remaining: Math.max(0, max - window.taken), resetS: Math.ceil((window.sinceMs + windowMs - nowMs) / 1_000) };
  }

  /** Has the key taken that much in its current minute? */
  hasTaken(key: string, count: number): boolean {
    const known = this.windows.get(key);
    return known !== undefined && this.nowMs() - known.sinceMs < windowMs && known.taken >= count;
  }
}
