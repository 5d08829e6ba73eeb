import type { BatchHandler, IncomingMessage } from '@kwota/messaging';
import { handleBatch, type HandleBatchOptions } from '@kwota/messaging/handle-batch';

/** As many as a handler gets at once; a commit of its own for each thousand is cheap enough. */
export const batchMax = 1_000;
/** A handler that lags further reads from the file: 20,000 messages of 1 KiB are 20 MiB. */
export const queuedMax = 20_000;

/** One subscription's messages of one partition: handled in order, one batch at a time. */
export class Lane {
  private queue: IncomingMessage[] = [];
  private running: Promise<void> | undefined;
  private readonly idle: (() => void)[] = [];
  stopped: Error | undefined;
  /** The offset that it has not handled yet. */
  next: number;
  handled = 0;
  /** Set when the queue was full, and at the start: from here on it reads from the file. Undefined: what comes is offered to it. */
  behindFrom: number | undefined;

  constructor(
    from: number,
    private readonly handle: BatchHandler,
    private readonly options: HandleBatchOptions,
    private readonly onProgress: (lane: Lane) => void,
    private readonly readOn: (from: number) => { messages: IncomingMessage[]; readTo: number | undefined },
  ) {
    this.next = from;
  }

  /** All that was offered has been handled. */
  get isCaughtUp(): boolean {
    return !this.running && !this.stopped && this.behindFrom === undefined && this.queue.length === 0;
  }

  get lag(): number {
    return this.queue.length;
  }

  offer(message: IncomingMessage): void {
    if (message.offset < this.next) return;
    if (this.behindFrom !== undefined) return;
    if (this.queue.length >= queuedMax) {
      this.behindFrom = message.offset;
      return;
    }
    this.queue.push(message);
    this.running ??= this.run();
  }

  /** Looks in the file for what it has missed. */
  wake(): void {
    this.running ??= this.run();
  }

  /** Resolves when nothing is queued and nothing under way. */
  rest(): Promise<void> {
    return this.running ? new Promise((resolve) => this.idle.push(resolve)) : Promise.resolve();
  }

  async finish(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    // The publisher that offers goes on first: more may come, and all of it is one batch.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (!this.options.signal.aborted && !this.stopped && this.fill()) {
      const batch = this.queue.length > batchMax ? this.queue.splice(0, batchMax) : this.queue;
      if (batch === this.queue) this.queue = [];
      const end = await handleBatch(batch, this.handle, this.options);
      this.handled += end.handled;
      const unhandled = batch[end.handled];
      const last = batch[batch.length - 1] as IncomingMessage;
      this.next = unhandled ? unhandled.offset : last.offset + 1;
      if (end.stopped) this.stopped = end.stopped;
      this.onProgress(this);
    }
    this.running = undefined;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  private fill(): boolean {
    if (this.queue.length === 0 && this.behindFrom !== undefined) {
      const { messages, readTo } = this.readOn(this.behindFrom);
      this.queue = messages;
      this.behindFrom = readTo;
    }
    return this.queue.length > 0;
  }
}
