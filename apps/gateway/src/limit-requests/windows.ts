const windowMs = 60_000;
/** Memory stays bounded whoever asks: 100,000 entries of about 100 bytes. */
export const entriesMax = 100_000;

export type Taken = Readonly<{ allowed: boolean; remaining: number; resetS: number }>;
type Window = { taken: number; sinceMs: number };

/** How much each key took in its current minute, here and, as far as they told, at other gateways. What is refused takes nothing. */
export class MinuteWindows {
  private readonly windows = new Map<string, Window>();

  /** @param tell called with what is taken here. */
  constructor(
    private readonly nowMs: () => number,
    private readonly tell: (key: string, count: number) => void = () => undefined,
  ) {}

  /** @param count more than `max` at once is refused at any time. */
  take(key: string, count: number, max: number): Taken {
    const window = this.current(key);
    const allowed = window.taken + count <= max;
    if (allowed) {
      window.taken += count;
      this.tell(key, count);
    }
    return { allowed, remaining: Math.max(0, max - window.taken), resetS: Math.ceil((window.sinceMs + windowMs - this.nowMs()) / 1_000) };
  }

  /** Takes whatever is taken already. `takeBack` for what turns out not to count. */
  add(key: string): { takeBack(): void } {
    const window = this.current(key);
    window.taken += 1;
    this.tell(key, 1);
    return {
      takeBack: () => {
        window.taken -= 1;
        this.tell(key, -1);
      },
    };
  }

  /** What another gateway took, or took back. */
  hear(key: string, count: number): void {
    const window = this.current(key);
    window.taken = Math.max(0, window.taken + count);
  }

  /** Has the key taken that much in its current minute? */
  hasTaken(key: string, count: number): boolean {
    const known = this.windows.get(key);
    return known !== undefined && this.nowMs() - known.sinceMs < windowMs && known.taken >= count;
  }

  private current(key: string): Window {
    const nowMs = this.nowMs();
    const known = this.windows.get(key);
    if (known && nowMs - known.sinceMs < windowMs) return known;
    const window = { taken: 0, sinceMs: nowMs };
    // Behind the others: the oldest go first when there are too many.
    this.windows.delete(key);
    this.windows.set(key, window);
    if (this.windows.size > entriesMax) this.windows.delete(this.windows.keys().next().value ?? '');
    return window;
  }
}
