import type { BatchHandler, IncomingMessage } from '@kwota/messaging';
import { handleBatch, type HandleBatchOptions } from '@kwota/messaging/handle-batch';
import type { Reading } from './embedded-log.js';
import type { Precedence } from './precedence.js';

/** As many as a handler gets at once; a commit of its own for each thousand is cheap enough. */
export const batchMax = 1_000;
/** A handler that lags further reads from the file: 20,000 messages of 1 KiB are 20 MiB, shared by all groups that lag alike. */
export const queuedMax = 20_000;

export type LaneOptions = Readonly<{
  handle: BatchHandler;
  handling: HandleBatchOptions;
  /** What the group has handled already; undefined for a group that has never been here. */
  position: number | undefined;
  /** From here on it reads from the file, until it has caught up; undefined: only what is offered from now on. */
  readFrom: number | undefined;
  readOn: (from: number) => Reading;
  /** Set where nobody waits for what it handles. */
  yieldsTo: Precedence | undefined;
  nowMs: () => number;
  onProgress: (lane: Lane) => void;
}>;

/** One group's messages of one topic's partition: handled in order, one batch at a time. */
export class Lane {
  /** Why it stands still, where it does. */
  stopped: Error | undefined;
  /** The offset that it has not handled yet. */
  next: number;
  handled = 0;
  private queue: IncomingMessage[] = [];
  /** Set while it reads from the file: what is offered meanwhile is there too. */
  private behindFrom: number | undefined;
  /** How many were offered while it was behind and have not been read yet; what lay in the file at the start is not counted. */
  private missed = 0;
  /** When the last message that it took was published. */
  private takenAtMs = 0;
  private running: Promise<void> | undefined;
  /** The offset from which on nothing has been offered yet. */
  private offeredTo = 0;
  private waiting: { offset: number; resolve: () => void }[] = [];

  constructor(private readonly options: LaneOptions) {
    this.next = options.position ?? 0;
    this.behindFrom = options.readFrom;
    if (this.behindFrom !== undefined) this.wake();
  }

  /** All that was offered has been handled. */
  get isCaughtUp(): boolean {
    return !this.running && !this.stopped && this.behindFrom === undefined && this.queue.length === 0;
  }

  /** At least so many wait. */
  get lag(): number {
    return this.queue.length + this.missed;
  }

  private get hasMore(): boolean {
    return this.queue.length > 0 || this.behindFrom !== undefined;
  }

  /** How long the next message has waited, or longer. */
  private get agedMs(): number {
    return this.options.nowMs() - (this.queue[0]?.timestampMs ?? this.takenAtMs);
  }

  /** Before the log lets it be read from the file: not where the lane reads from there, and would take it to be read already. Offered again it is skipped. */
  offerEarly(message: IncomingMessage): void {
    if (this.behindFrom === undefined && this.queue.length < queuedMax) this.offer(message);
  }

  offer(message: IncomingMessage): void {
    if (message.offset < this.offeredTo) return;
    this.offeredTo = message.offset + 1;
    if (this.behindFrom === undefined && this.queue.length < queuedMax) this.queue.push(message);
    else {
      this.behindFrom ??= message.offset;
      this.missed += 1;
    }
    this.wake();
  }

  /** Resolves when all below the offset has been handled, or the lane stands still. */
  handledTo(offset: number): Promise<void> {
    if (!this.running || this.next >= offset) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ offset, resolve }));
  }

  /** Resolves when nothing is under way. */
  async finish(): Promise<void> {
    await this.running;
  }

  private wake(): void {
    if (!this.stopped) this.running ??= this.run();
  }

  private async run(): Promise<void> {
    const { handle, handling, onProgress, yieldsTo } = this.options;
    // The publisher that offers goes on first: more may come, and all of it is one batch.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (!handling.signal.aborted && !this.stopped) {
      if (this.hasMore) await yieldsTo?.turn(() => this.agedMs, handling.signal);
      if (handling.signal.aborted) break;
      const batch = this.takeOrStop();
      const last = batch[batch.length - 1];
      if (!last) break;
      this.takenAtMs = last.timestampMs;
      const beganMs = performance.now();
      const end = await handleBatch(batch, handle, handling);
      yieldsTo?.spent(performance.now() - beganMs);
      this.handled += end.handled;
      this.next = batch[end.handled]?.offset ?? last.offset + 1;
      if (end.stopped) this.stopped = end.stopped;
      onProgress(this);
      this.tell(this.next);
    }
    this.running = undefined;
    this.tell(Infinity);
  }

  private takeOrStop(): IncomingMessage[] {
    try {
      return this.take();
    } catch (error) {
      this.stopped = new Error('the log cannot be read', { cause: error });
      this.options.onProgress(this);
      return [];
    }
  }

  /** The next batch, from memory or else from the file; empty when there is none. */
  private take(): IncomingMessage[] {
    while (this.queue.length === 0 && this.behindFrom !== undefined) {
      const { messages, readTo } = this.options.readOn(this.behindFrom);
      this.queue = messages;
      this.behindFrom = readTo;
      this.missed = readTo === undefined ? 0 : Math.max(0, this.missed - messages.length);
    }
    const most = this.options.yieldsTo?.batchMax(batchMax) ?? batchMax;
    if (this.queue.length > most) return this.queue.splice(0, most);
    const all = this.queue;
    this.queue = [];
    return all;
  }

  private tell(handledTo: number): void {
    if (this.waiting.length === 0) return;
    const due = this.waiting.filter(({ offset }) => offset <= handledTo);
    this.waiting = this.waiting.filter(({ offset }) => offset > handledTo);
    for (const { resolve } of due) resolve();
  }
}
