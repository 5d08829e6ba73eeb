/** So many busy answers on end pause the whole link; a single one is its receiver's affair. */
const busyAnswersMin = 3;
const pauseMsMin = 100;
const pauseMsMax = 5_000;

/** What an SMSC says that is too busy (ESME_RTHROTTLED, message queue full) slows all that is sent to it, a little more each time. */
export class LinkPause {
  private busyAnswers = 0;
  private untilMs = 0;

  isOver(nowMs: number): boolean {
    return this.untilMs <= nowMs;
  }

  leftMs(nowMs: number): number {
    return this.untilMs - nowMs;
  }

  /** How long nothing goes out now; 0: it goes on. */
  onBusy(nowMs: number): number {
    this.busyAnswers += 1;
    if (this.busyAnswers < busyAnswersMin) return 0;
    const pauseMs = Math.min(pauseMsMin * 2 ** (this.busyAnswers - busyAnswersMin), pauseMsMax);
    this.untilMs = Math.max(this.untilMs, nowMs + pauseMs);
    return pauseMs;
  }

  onTaken(): void {
    this.busyAnswers = 0;
  }
}
