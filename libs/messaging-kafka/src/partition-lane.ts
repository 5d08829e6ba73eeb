import type { BatchHandler, IncomingMessage } from '@kwota/messaging';
import { handleBatch, pause, type HandleBatchOptions } from '@kwota/messaging/handle-batch';
import { LatestValues } from './latest-values.js';

export type PartitionLaneOptions = Readonly<{
  handle: BatchHandler;
  handling: Omit<HandleBatchOptions, 'signal'>;
  /** The first offset that is not handled yet. */
  from: number;
  /** The log's end as far as is known. */
  high: number;
  /** Nothing is handled before it resolves, and nothing at all where it resolves to false. */
  mayBegin: Promise<boolean>;
  /** Asked before each batch: false while the member may have been replaced without knowing it. */
  isOurs: () => boolean;
  /** Messages below it are only worth their key's latest value. */
  latestUntil?: number;
  onProgress: () => void;
  /** It holds enough, or has room again. */
  onFull: (isFull: boolean) => void;
}>;

/** As many as a handler gets at once. */
export const batchMax = 1_000;
/** What waits in memory: 100 lanes that all lag hold 200 MB. */
const queuedMessagesMax = 5_000;
const queuedBytesMax = 2_000_000;
const askAgainMs = 20;

/** One group's messages of one topic's partition, from memory: in order, one batch at a time. Fetching goes on meanwhile, up to a bound. */
export class PartitionLane {
  /** Why it stands still, where it does. */
  stopped: Error | undefined;
  /** All below this offset has been handled. */
  next: number;
  /** All below this offset has been fetched. */
  fetchedTo: number;
  high: number;
  handled = 0;
  /** How many messages the last batch had. */
  lastBatch = 0;
  isFull = false;
  private queue: IncomingMessage[] = [];
  private queuedBytes = 0;
  /** Of the queue's first messages, by fetch: how many bytes they are in all and up to which offset. */
  private fetches: { to: number; bytes: number }[] = [];
  private latest: LatestValues | undefined;
  private running: Promise<void> | undefined;
  private waiting: { offset: number; sinceMs: number; resolve: () => void }[] = [];
  private readonly beganMs = performance.now();
  private readonly abort = new AbortController();

  constructor(private readonly options: PartitionLaneOptions) {
    this.next = options.from;
    this.fetchedTo = options.from;
    this.high = options.high;
    if (options.latestUntil !== undefined && options.latestUntil > options.from) this.latest = new LatestValues(options.latestUntil);
  }

  get isDropped(): boolean {
    return this.abort.signal.aborted;
  }

  /** Everything that was fetched has been handled. */
  get isIdle(): boolean {
    return this.queue.length === 0 && !this.running && !this.latest;
  }

  /** At least so many have not been handled. */
  get lag(): number {
    return Math.max(0, this.high - this.next);
  }

  /** Messages in order, none below `fetchedTo`. `to`: what is below has been fetched now, also where nothing was left of it. */
  offer(messages: readonly IncomingMessage[], bytes: number, to: number): void {
    if (this.isDropped || this.stopped) return;
    this.fetchedTo = Math.max(this.fetchedTo, to);
    if (this.latest) {
      const { until } = this.latest;
      const later = messages.findIndex(({ offset }) => offset >= until);
      this.latest.add(later === -1 ? messages : messages.slice(0, later));
      if (this.fetchedTo >= until) this.takeLatest();
      if (later === -1) return;
      messages = messages.slice(later);
    }
    // Not push(...messages): a fetch can hold more messages than a call can have arguments.
    for (const message of messages) this.queue.push(message);
    this.queuedBytes += bytes;
    this.fetches.push({ to: this.fetchedTo, bytes });
    this.tellFull();
    this.wake();
  }

  /** The broker has had nothing more since then: what lies between `fetchedTo` and the end was compacted away, or erased. */
  reachedEnd(sinceMs: number): void {
    if (sinceMs <= this.beganMs || this.isDropped || this.stopped) return;
    if (this.latest) this.takeLatest();
    if (!this.isIdle) return;
    this.next = Math.max(this.next, this.fetchedTo);
    this.high = this.next;
    this.tellThose((waiting) => waiting.sinceMs < sinceMs);
  }

  stop(error: Error): void {
    this.stopped ??= error;
    this.queue = [];
    this.tell(Infinity);
  }

  /** No batch begins after it; the one under way may finish. */
  drop(): void {
    this.abort.abort();
    this.queue = [];
    if (!this.running) this.tell(Infinity);
  }

  /** Resolves when nothing is under way. */
  async finish(): Promise<void> {
    await this.running;
  }

  /** After `drop`: resolves when nothing is under way here, nor where the partition was before. */
  async ended(): Promise<void> {
    await Promise.all([this.running, this.options.mayBegin]);
  }

  /** Resolves when all below the offset has been handled, or the lane stands still. */
  handledTo(offset: number): Promise<void> {
    if (this.next >= offset || this.stopped || this.isDropped) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ offset, sinceMs: performance.now(), resolve }));
  }

  private takeLatest(): void {
    const latest = this.latest?.take() ?? [];
    this.latest = undefined;
    for (const message of latest) this.queue.push(message);
    if (latest.length > 0) this.wake();
    else this.moveUp(this.fetchedTo);
  }

  private wake(): void {
    if (!this.stopped && !this.isDropped) this.running ??= this.run();
  }

  private async run(): Promise<void> {
    const { handle, handling, mayBegin, onProgress } = this.options;
    if (await mayBegin) {
      while ((await this.mayGoOn()) && this.queue.length > 0) {
        const batch = this.queue.splice(0, batchMax);
        // Known now: when the batch is done, a lane that was dropped meanwhile has no queue to look at, though what was in it is not handled.
        const after = this.endOfHandled();
        const end = await handleBatch(batch, handle, { ...handling, signal: this.abort.signal });
        this.handled += end.handled;
        this.lastBatch = batch.length;
        const unhandled = batch[end.handled];
        if (unhandled) this.next = unhandled.offset;
        else this.moveUp(after);
        if (end.stopped) this.stop(end.stopped);
        onProgress();
        this.tell(this.next);
      }
    }
    this.running = undefined;
    if (this.isDropped) this.tell(Infinity);
  }

  /** Waits while it is not known whose the partition is; false: it is not this lane's any more. */
  private async mayGoOn(): Promise<boolean> {
    while (!this.isDropped && !this.stopped && !this.options.isOurs()) await pause(askAgainMs, this.abort.signal);
    return !this.isDropped && !this.stopped;
  }

  /** Where the queue begins, or else the end of what was fetched. */
  private endOfHandled(): number {
    return this.queue[0]?.offset ?? this.fetchedTo;
  }

  private moveUp(to: number): void {
    this.next = Math.max(this.next, to);
    while (this.fetches[0] && this.fetches[0].to <= this.next) this.queuedBytes -= this.fetches.shift()?.bytes ?? 0;
    this.tellFull();
    this.tell(this.next);
  }

  private tellFull(): void {
    const isFull = this.isFull
      ? this.queue.length > queuedMessagesMax / 2 || this.queuedBytes > queuedBytesMax / 2
      : this.queue.length > queuedMessagesMax || this.queuedBytes > queuedBytesMax;
    if (isFull === this.isFull || this.isDropped) return;
    this.isFull = isFull;
    this.options.onFull(isFull);
  }

  private tell(handledTo: number): void {
    this.tellThose(({ offset }) => offset <= handledTo);
  }

  private tellThose(isDue: (waiting: { offset: number; sinceMs: number }) => boolean): void {
    if (this.waiting.length === 0) return;
    const due = this.waiting.filter(isDue);
    this.waiting = this.waiting.filter((waiting) => !isDue(waiting));
    for (const { resolve } of due) resolve();
  }
}
