import { Precedence } from './precedence.js';

/** A thread with so much to do for a while already, whose time passes only in pauses and in work. */
const threadOf = (utilization: number) => {
  const thread = { nowMs: 1_000, idleBeforeMs: 0 };
  const precedence = new Precedence({
    nowMs: () => thread.nowMs,
    idleMs: () => thread.idleBeforeMs + thread.nowMs * (1 - utilization),
    pause: async (ms) => {
      thread.nowMs += ms;
    },
  });
  thread.nowMs = startMs;
  return { thread, precedence };
};

const startMs = 1_500;
const never = new AbortController().signal;
const young = () => 0;

/** Work of 5 ms at a time, as often as it may, while somebody asks all the time: how much of the time it got. */
const shareOfTheRest = async (utilization: number): Promise<number> => {
  const { thread, precedence } = threadOf(utilization);
  let workedMs = 0;
  for (const endMs = thread.nowMs + 5_000; thread.nowMs < endMs; ) {
    precedence.noteAwaited();
    const beforeMs = thread.nowMs;
    await precedence.turn(
      () => {
        precedence.noteAwaited();
        return thread.nowMs - beforeMs;
      },
      never,
    );
    thread.nowMs += 5;
    workedMs += 5;
    precedence.spent(5);
  }
  return workedMs / 5_000;
};

describe('what nobody waits for', () => {
  it('gets a twentieth of a thread that has no time left, while somebody waits', async () => {
    expect(await shareOfTheRest(0.99)).toBeCloseTo(0.05, 2);
  });

  it('goes at once where the thread has time left', async () => {
    expect(await shareOfTheRest(0.8)).toBe(1);
  });

  it('gets a twentieth of a thread that would have time, were it not for the disk that the log waits for', async () => {
    const { thread, precedence } = threadOf(1);
    await precedence.whileDiskWorks(Promise.resolve().then(() => void (thread.idleBeforeMs += 400)));
    precedence.noteAwaited();
    expect(precedence.batchMax(1_000)).toBe(64);
    thread.nowMs += 200;
    thread.idleBeforeMs += 100;
    precedence.noteAwaited();
    expect(precedence.batchMax(1_000)).toBe(1_000);
  });

  it('in a turn of its own begins when it may, and what it took is counted', async () => {
    const { thread, precedence } = threadOf(0.99);
    const began: number[] = [];
    const work = async (): Promise<string> => {
      began.push(thread.nowMs - startMs);
      thread.nowMs += 5;
      return 'done';
    };
    const agedMs = (): number => {
      precedence.noteAwaited();
      return 0;
    };
    for (let round = 0; round < 10; round += 1) {
      precedence.noteAwaited();
      expect(await precedence.inItsTurn(work, agedMs, never)).toBe('done');
    }
    expect(began[0]).toBe(0);
    // What it had saved is used up by then: five milliseconds are a twentieth of a hundred.
    expect((began[9] ?? 0) - (began[7] ?? 0)).toBeGreaterThanOrEqual(180);
  });

  it('goes at once where nobody waits, in batches as large as ever', async () => {
    const { thread, precedence } = threadOf(1);
    precedence.spent(1_000);
    await precedence.turn(young, never);
    expect(thread.nowMs).toBe(startMs);
    expect(precedence.batchMax(1_000)).toBe(1_000);
  });

  it('is handled in small batches while somebody waits, so that nobody waits long behind it', () => {
    const { precedence } = threadOf(1);
    precedence.noteAwaited();
    expect(precedence.batchMax(1_000)).toBe(64);
    expect(precedence.batchMax(10)).toBe(10);
  });

  it('waits ten seconds at most, whatever is asked meanwhile', async () => {
    const { thread, precedence } = threadOf(1);
    precedence.noteAwaited();
    precedence.spent(1_000);
    await precedence.turn(() => 10_000, never);
    expect(thread.nowMs).toBe(startMs);
  });

  it('owes no more than half a second of waiting, however long it took', async () => {
    const { thread, precedence } = threadOf(1);
    const ask = () => {
      precedence.noteAwaited();
      return 0;
    };
    precedence.noteAwaited();
    precedence.spent(60_000);
    await precedence.turn(ask, never);
    expect(thread.nowMs - startMs).toBeLessThanOrEqual(510);
  });

  it('waits no longer when the subscription closes', async () => {
    const { thread, precedence } = threadOf(1);
    precedence.noteAwaited();
    precedence.spent(60_000);
    await precedence.turn(young, AbortSignal.abort());
    expect(thread.nowMs).toBe(startMs);
  });
});
