import type { OutgoingMessage, PublishOptions } from '@kwota/messaging';
import { gather } from '@kwota/messaging/gather';

/** Publishers that wait share a commit up to this: 10,000 messages of 1 KiB are written in some 50 ms. */
const messagesPerCommitMax = 10_000;

type Publishing = { messages: readonly OutgoingMessage[]; until: PublishOptions['until']; resolve: () => void; reject: (error: Error) => void };

/** What waits becomes one commit, with what comes in the next turns of the event loop (ADR 21). While one commit waits for the disk the next one gathers. */
export class PublishQueue {
  private waiting: Publishing[] = [];
  private running: Promise<void> | undefined;
  /** When the first of what waits must go; it is over, or ended early, with `hurry`. */
  private dueMs = Infinity;
  private hurry: (() => void) | undefined;

  /** `commit` is called once at a time, calls `written` when the messages are in the file, and rejects when nothing of it counts as published. */
  constructor(private readonly commit: (messages: readonly OutgoingMessage[], written: () => void) => Promise<void>) {}

  get isEmpty(): boolean {
    return this.running === undefined;
  }

  /** Resolves when the messages are published, `ordered` when they are in the file, which is written in order; rejects as their commit does before that. */
  add(messages: readonly OutgoingMessage[], { until = 'durable', lingerMs = 0 }: PublishOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ messages, until, resolve, reject });
      if (lingerMs > 0) this.dueMs = Math.min(this.dueMs, performance.now() + lingerMs);
      else this.goSoon();
      this.running ??= this.run();
    });
  }

  /** Resolves when nothing waits any more. */
  async finish(): Promise<void> {
    this.goSoon();
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      await this.linger();
      await gather();
      const batch = this.take();
      try {
        await this.commit(batch.flatMap(({ messages }) => messages), () => {
          for (const { until, resolve } of batch) if (until === 'ordered') resolve();
        });
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error as Error);
      }
    }
    this.running = undefined;
  }

  private goSoon(): void {
    this.dueMs = 0;
    this.hurry?.();
  }

  private async linger(): Promise<void> {
    const pauseMs = this.dueMs - performance.now();
    if (pauseMs <= 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.hurry = resolve;
      timer = setTimeout(resolve, pauseMs);
    });
    clearTimeout(timer);
    this.hurry = undefined;
  }

  private take(): Publishing[] {
    let count = 0;
    const end = this.waiting.findIndex(({ messages }) => (count += messages.length) > messagesPerCommitMax);
    // A single call that is larger is one commit all the same: it is all or nothing.
    const taken = this.waiting.splice(0, end > 0 ? end : end === 0 ? 1 : this.waiting.length);
    this.dueMs = this.waiting.length > 0 ? 0 : Infinity;
    return taken;
  }
}
