import type { OutgoingMessage } from '@kwota/messaging';
import { gather } from '@kwota/messaging/gather';

/** Publishers that wait share a commit up to this: 10,000 messages of 1 KiB are written in some 50 ms. */
const messagesPerCommitMax = 10_000;

type Publishing = { messages: readonly OutgoingMessage[]; resolve: () => void; reject: (error: Error) => void };

/** What waits becomes one commit, with what comes in the next turns of the event loop (ADR 21). While one commit waits for the disk the next one gathers. */
export class PublishQueue {
  private waiting: Publishing[] = [];
  private running: Promise<void> | undefined;

  /** `commit` is called once at a time, and rejects when nothing of it counts as published. */
  constructor(private readonly commit: (messages: readonly OutgoingMessage[]) => Promise<void>) {}

  get isEmpty(): boolean {
    return this.running === undefined;
  }

  /** Resolves when the messages are published; rejects as their commit does. */
  add(messages: readonly OutgoingMessage[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ messages, resolve, reject });
      this.running ??= this.run();
    });
  }

  /** Resolves when nothing waits any more. */
  async finish(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      await gather();
      const batch = this.take();
      try {
        await this.commit(batch.flatMap(({ messages }) => messages));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error as Error);
      }
    }
    this.running = undefined;
  }

  private take(): Publishing[] {
    let count = 0;
    const end = this.waiting.findIndex(({ messages }) => (count += messages.length) > messagesPerCommitMax);
    // A single call that is larger is one commit all the same: it is all or nothing.
    if (end > 0) return this.waiting.splice(0, end);
    return this.waiting.splice(0, end === 0 ? 1 : this.waiting.length);
  }
}
