// One request and what came of it, as undici's `dispatch` tells it: a stream and a signal for each cost more than the request itself.
import type { Dispatcher } from 'undici';

/** So much of an answer is read, so that its connection can be used again; what is longer is cut off with its connection. */
const bodyBytesMax = 64 * 1024;

/** For one request. Once there is a status, it has decided; whether the rest of the answer comes changes nothing. */
export class HttpAttempt implements Dispatcher.DispatchHandler {
  /** Null: there is no answer. */
  status: number | null = null;
  retryAfter: string | undefined;
  /** Why there is no answer, or not all of it. */
  error: Error | undefined;
  private bodyBytes = 0;
  private controller: Dispatcher.DispatchController | undefined;
  private finish!: () => void;
  /** Resolves when the answer has come or the request has failed. */
  readonly finished = new Promise<void>((resolve) => (this.finish = resolve));

  /** Ends it early, wherever it is: what waits for a connection ends as it gets one, what is not begun must not begin. */
  end(reason: Error): void {
    this.error ??= reason;
    this.controller?.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.error) controller.abort(this.error);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[] | undefined>): void {
    // An interim answer is none.
    if (status < 200) return;
    this.status = status;
    const retryAfter = headers['retry-after'];
    this.retryAfter = Array.isArray(retryAfter) ? retryAfter[0] : retryAfter;
    if (Number(headers['content-length']) > bodyBytesMax) controller.abort(new AnswerTooLong());
  }

  onResponseData(controller: Dispatcher.DispatchController, { length }: Buffer): void {
    this.bodyBytes += length;
    if (this.bodyBytes > bodyBytesMax) controller.abort(new AnswerTooLong());
  }

  onResponseEnd(): void {
    this.finish();
  }

  onResponseError(_: unknown, error: Error): void {
    this.error = error;
    this.finish();
  }
}

/** Ended by us: a final of the same message waits, or the service stops. */
export class AttemptCutShort extends Error {
  override readonly name = 'AttemptCutShort';
  readonly code = 'cut-short';
}

export class TimedOut extends Error {
  override readonly name = 'TimedOut';
  readonly code = 'time-out';
}

class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';
}
