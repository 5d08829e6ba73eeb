// All services of standalone share one thread. When it has no time left, what somebody waits for goes first, and the rest gets a share and larger batches later.
import { pause } from '@kwota/messaging/handle-batch';
import { performance } from 'node:perf_hooks';

/** What the rest gets of the thread's time while somebody waits and there is too little of it. */
const restShare = 0.05;
/** Nothing waits longer than this for its turn: then all are equal, and a flood without an end slows its senders down instead. */
const waitMsMax = 10_000;
/** Somebody has been waiting within this time: so long a pause between two requests is none. */
const awaitedWithinMs = 50;
/** The thread has no time left above this; looked at over so long. */
const busyAbove = 0.9;
const lookEveryMs = 100;
const lookAgainMs = 10;
/** A share that was not used is not saved up beyond this, nor is one that was overdrawn owed beyond the other: half a second of waiting. */
const savedMsMax = 20;
const owedMsMax = 500 * restShare;
/** While somebody waits the rest's batches are so large: some 5 ms of work. */
const batchMaxWhileAwaited = 64;

export type PrecedenceOptions = Readonly<{
  /** Monotonic. */
  nowMs: () => number;
  /** How long the thread has had nothing to do so far, monotonic. */
  idleMs: () => number;
  pause: (ms: number, signal: AbortSignal) => Promise<void>;
}>;

export class Precedence {
  private awaitedMs = -Infinity;
  private lookedMs: number;
  private isBusy = false;
  private allowedMs = 0;
  private countedMs: number;
  /** At the last look, and while the log waited for the disk since. */
  private idleMs: number;
  private idleForDiskMs = 0;

  constructor(private readonly options: PrecedenceOptions = ofThisThread) {
    this.countedMs = this.lookedMs = options.nowMs();
    this.idleMs = options.idleMs();
  }

  /** Somebody waits for what was just published. */
  noteAwaited(): void {
    this.awaitedMs = this.options.nowMs();
  }

  /** Nobody could go on meanwhile: while the log waits for the disk the thread counts as busy, for what the rest would write waits for the same disk. */
  async whileDiskWorks(work: Promise<void>): Promise<void> {
    const before = this.options.idleMs();
    try {
      await work;
    } finally {
      this.idleForDiskMs += this.options.idleMs() - before;
    }
  }

  /** Resolves when work may begin for which nobody waits; the oldest of it has waited for `agedMs()` already. */
  async turn(agedMs: () => number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.isScarce() && this.allowance() <= 0 && agedMs() < waitMsMax) await this.options.pause(lookAgainMs, signal);
  }

  /** Work that nobody waits for, from its turn to its end. */
  async inItsTurn<Result>(work: () => Promise<Result>, agedMs: () => number, signal: AbortSignal): Promise<Result> {
    await this.turn(agedMs, signal);
    const beganMs = this.options.nowMs();
    try {
      return await work();
    } finally {
      this.spent(this.options.nowMs() - beganMs);
    }
  }

  /** How many messages that nobody waits for may be handled at once. */
  batchMax(usual: number): number {
    return this.isScarce() ? Math.min(usual, batchMaxWhileAwaited) : usual;
  }

  /** Work that nobody waits for has taken so long. */
  spent(ms: number): void {
    this.allowedMs = Math.max(-owedMsMax, this.allowance() - ms);
  }

  private allowance(): number {
    const nowMs = this.options.nowMs();
    this.allowedMs = Math.min(savedMsMax, this.allowedMs + (nowMs - this.countedMs) * restShare);
    this.countedMs = nowMs;
    return this.allowedMs;
  }

  /** Somebody waits, and the thread has no time left. */
  private isScarce(): boolean {
    const nowMs = this.options.nowMs();
    const sinceMs = nowMs - this.lookedMs;
    if (sinceMs > lookEveryMs) {
      const idleMs = this.options.idleMs();
      this.isBusy = idleMs - this.idleMs - this.idleForDiskMs < sinceMs * (1 - busyAbove);
      this.lookedMs = nowMs;
      this.idleMs = idleMs;
      this.idleForDiskMs = 0;
    }
    return this.isBusy && nowMs - this.awaitedMs < awaitedWithinMs;
  }
}

const ofThisThread: PrecedenceOptions = { nowMs: () => performance.now(), idleMs: () => performance.eventLoopUtilization().idle, pause };
