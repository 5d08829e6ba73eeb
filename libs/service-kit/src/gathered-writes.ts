import { Pause } from './pause.js';
import { Spacing } from './spacing.js';

const retryDelayMs = 500;

/** Writes that nobody waits for, many in one transaction: what comes while one runs, or before the next is due, is in the next. */
export class GatheredWrites<Item> {
  private gathered: Item[] = [];
  private running: Promise<void> | undefined;
  private closing = false;
  private readonly pause = new Pause();
  private readonly spacing: Spacing;

  /** `write` makes all items durable or rejects; then they come again, in order, and `onFailure` is told. */
  constructor(
    private readonly write: (items: readonly Item[]) => Promise<void>,
    private readonly onFailure: (error: Error) => void,
    spacingMs: number,
  ) {
    this.spacing = new Spacing(spacingMs);
  }

  record(item: Item): void {
    this.gathered.push(item);
    this.running ??= this.run().finally(() => (this.running = undefined));
  }

  /** Resolves when all that was recorded is durable, or one more attempt has failed. */
  async close(): Promise<void> {
    this.closing = true;
    this.pause.end();
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.gathered.length > 0) {
      await this.spacing.turn();
      const items = this.gathered;
      this.gathered = [];
      try {
        await this.write(items);
      } catch (error) {
        this.onFailure(error as Error);
        this.gathered = [...items, ...this.gathered];
        if (this.closing) return;
        await this.pause.lasting(retryDelayMs);
      }
    }
  }
}
