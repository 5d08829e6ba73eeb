// One endpoint's callbacks: what is due, how many requests are out, and how many may be.
import type { QueuedCallback } from './callback-queue.repository.js';

/** Connections to one endpoint, and so requests at a time. */
export const connectionsPerOrigin = 32;
/** An endpoint that is not known yet gets so many, and one more for each answer that comes soon: 100 that hang take 400 connections, not 3,200. */
export const connectionsAtFirst = 4;
/** An endpoint that answers later is slow. */
export const slowAfterMs = 1_000;
/** For so long it is remembered that an endpoint was slow. */
const slowKnownForMs = 10 * 60 * 1_000;

export type Ready = { readonly callback: QueuedCallback; superseded: boolean };

export class Lane {
  ready: Ready[] = [];
  tableDueAtMs = Infinity;
  refilling = false;
  private limit = connectionsAtFirst;
  private slowUntilMs = 0;
  /** When each request that is out began, the oldest first. */
  private readonly begun = new Map<number, number>();
  private lastRequest = 0;

  constructor(readonly origin: string) {}

  get inFlight(): number {
    return this.begun.size;
  }

  get hasRoom(): boolean {
    return this.begun.size < this.limit;
  }

  /** It keeps its requests for long: they count apart, so that quick endpoints have theirs. */
  isSlow(nowMs: number): boolean {
    if (this.slowUntilMs > nowMs) return true;
    const [oldestAtMs] = this.begun.values();
    return oldestAtMs !== undefined && nowMs - oldestAtMs >= slowAfterMs;
  }

  isIdle(nowMs: number): boolean {
    return this.ready.length === 0 && this.begun.size === 0 && !this.refilling && this.slowUntilMs <= nowMs;
  }

  /** Tells its number to `end`. */
  begin(nowMs: number): number {
    this.lastRequest += 1;
    this.begun.set(this.lastRequest, nowMs);
    return this.lastRequest;
  }

  /** `delivered`: it answered that it has it. */
  end(request: number, nowMs: number, delivered: boolean): void {
    const beganAtMs = this.begun.get(request) ?? nowMs;
    this.begun.delete(request);
    if (nowMs - beganAtMs >= slowAfterMs) {
      this.limit = Math.max(1, Math.floor(this.limit / 2));
      this.slowUntilMs = nowMs + slowKnownForMs;
    } else if (delivered) {
      this.limit = Math.min(connectionsPerOrigin, this.limit + 1);
      this.slowUntilMs = 0;
    }
  }
}
