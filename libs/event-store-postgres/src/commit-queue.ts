import type { AppendOutcome, StreamAppend } from '@kwota/event-store';

/** A commit takes calls up to this many events or bytes; a larger call goes alone. 8,192 events of 400 bytes are 3 MB. */
const eventsPerCommitMax = 8_192;
const bytesPerCommitMax = 16 * 1024 * 1024;

type Call = Readonly<{
  batch: readonly StreamAppend[];
  resolve: (outcomes: readonly AppendOutcome[]) => void;
  reject: (error: Error) => void;
}>;

/** One commit at a time; what comes meanwhile waits and shares the next one, in the order of the calls. No timer. */
export class CommitQueue {
  private waiting: Call[] = [];
  private running: Promise<void> | undefined;

  constructor(private readonly commit: (appends: readonly StreamAppend[]) => Promise<readonly AppendOutcome[]>) {}

  append(batch: readonly StreamAppend[]): Promise<readonly AppendOutcome[]> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ batch, resolve, reject });
      this.running ??= this.run();
    });
  }

  get isIdle(): boolean {
    return this.running === undefined;
  }

  /** Resolves when nothing waits or runs. */
  async drained(): Promise<void> {
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      // Who has just got an answer often has the next append at hand: they share one.
      await new Promise(setImmediate);
      await this.commitTogether(this.takeWaiting());
    }
    this.running = undefined;
  }

  private async commitTogether(calls: readonly Call[]): Promise<void> {
    try {
      const outcomes = await this.commit(calls.flatMap(({ batch }) => batch));
      let at = 0;
      for (const { batch, resolve } of calls) resolve(outcomes.slice(at, (at += batch.length)));
    } catch (error) {
      for (const { reject } of calls) reject(error as Error);
    }
  }

  private takeWaiting(): readonly Call[] {
    let events = 0;
    let bytes = 0;
    let count = 0;
    for (const { batch } of this.waiting) {
      for (const append of batch) {
        events += append.events.length;
        for (const { data } of append.events) bytes += data.length;
      }
      if (count > 0 && (events > eventsPerCommitMax || bytes > bytesPerCommitMax)) break;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }
}
