import { TransientFailure } from '@kwota/messaging/failures';
import { Injectable } from '@nestjs/common';

/** DESIGN §3: a clock that jumps further than this against the monotonic one makes the ledger not ready. */
export const clockJumpMaxMs = 60_000;

/** The one clock that stamps events; it never decides about money. */
@Injectable()
export class LedgerClock {
  private readonly startedAtMs: number;
  private readonly startedAtMonotonicMs: number;

  constructor(
    private readonly wallMs: () => number = Date.now,
    private readonly monotonicMs: () => number = () => performance.now(),
  ) {
    this.startedAtMs = wallMs();
    this.startedAtMonotonicMs = monotonicMs();
  }

  get jumpMs(): number {
    return Math.abs(this.wallMs() - this.startedAtMs - (this.monotonicMs() - this.startedAtMonotonicMs));
  }

  get isTrusted(): boolean {
    return this.jumpMs <= clockJumpMaxMs;
  }

  /** @throws TransientFailure after a jump: nothing is stamped until the process is started anew. */
  nowMs(): number {
    if (!this.isTrusted) throw new TransientFailure('clock', `the wall clock jumped by ${Math.round(this.jumpMs)} ms`);
    return this.wallMs();
  }
}
