/**
 * For work in which many share a cost, as a commit: after a pause the next turn begins at once, else so much after the last one, and what
 * comes meanwhile is in it. Nobody may wait for a quick answer behind it.
 */
export class Spacing {
  private lastAtMs = -Infinity;

  constructor(private readonly spacingMs: number) {}

  /** Resolves when the next turn may begin, at the earliest after a turn of the event loop: what arrives together is taken together. */
  async turn(): Promise<void> {
    const pauseMs = this.lastAtMs + this.spacingMs - performance.now();
    await new Promise((resolve) => (pauseMs > 0 ? setTimeout(resolve, pauseMs) : setImmediate(resolve)));
    this.lastAtMs = performance.now();
  }
}
