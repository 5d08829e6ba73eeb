/** So many busy answers on end are the link's affair; a single one is its receiver's. */
const busyAnswersMin = 3;
const pauseMsMin = 100;
const pauseMsMax = 5_000;
/** So many taken messages widen the window by one again. */
const takenPerStep = 10;

/**
 * What an SMSC says that is too busy (ESME_RTHROTTLED, message queue full) slows all that is sent to it: a pause, longer each time that nothing
 * was taken since the last, and half the window. It widens again, by one for ten messages taken.
 */
export class LinkPause {
  private busyAnswers = 0;
  private pauses = 0;
  private untilMs = 0;
  /** How many may be unanswered; Infinity: as many as the connector's window. */
  private allowed = Infinity;
  private taken = 0;

  isOver(nowMs: number): boolean {
    return this.untilMs <= nowMs;
  }

  leftMs(nowMs: number): number {
    return this.untilMs - nowMs;
  }

  windowOf(windowSize: number): number {
    return Math.min(this.allowed, windowSize);
  }

  /** How long nothing goes out from now on; 0: it is no affair of the link's. */
  onBusy(nowMs: number, windowSize: number): number {
    this.busyAnswers += 1;
    if (this.busyAnswers < busyAnswersMin) return 0;
    // Answers to what was sent before the pause are no news.
    if (!this.isOver(nowMs)) return this.leftMs(nowMs);
    const pauseMs = Math.min(pauseMsMin * 2 ** this.pauses, pauseMsMax);
    this.pauses += 1;
    this.allowed = Math.max(1, Math.floor(this.windowOf(windowSize) / 2));
    this.untilMs = nowMs + pauseMs;
    return pauseMs;
  }

  onTaken(windowSize: number): void {
    this.busyAnswers = 0;
    this.pauses = 0;
    if (this.allowed === Infinity) return;
    this.taken += 1;
    if (this.taken % takenPerStep === 0) this.allowed += 1;
    if (this.allowed >= windowSize) this.allowed = Infinity;
  }
}
