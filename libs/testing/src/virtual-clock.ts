// Days in seconds: timers and Date are the test's, I/O is real.
import { jest } from '@jest/globals';

export type VirtualClock = Readonly<{
  /** Time passes, by steps, and I/O with it. */
  pass: (ms: number, stepMs: number) => Promise<void>;
  /** Time passes until it has come about. */
  during: <Result>(work: Promise<Result>) => Promise<Result>;
}>;

/** So many turns of the real loop let a request on this machine come and go. */
const turnsPerStep = 6;
/** A commit waits for the disk in real time. */
const isDiskWorking = (): boolean => process.getActiveResourcesInfo().includes('FSReqCallback');
const stepMs = 20;
/** A day is some ten seconds of one core; whoever shares it with ten others takes ten times as long. */
const testWithinMs = 240_000;

const pass: VirtualClock['pass'] = async (ms, step) => {
  for (let passed = 0; passed < ms; passed += step) {
    await jest.advanceTimersByTimeAsync(step);
    for (let turn = 0; turn < turnsPerStep || isDiskWorking(); turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
};

const during: VirtualClock['during'] = async (work) => {
  let isDone = false;
  const done = work.finally(() => (isDone = true));
  while (!isDone) await pass(stepMs, stepMs);
  return done;
};

/** For the tests of this file: each begins at `startMs`, and what it leaves open is closed by `closeAll` while time still passes. */
export const useVirtualClock = (startMs: number, closeAll: () => Promise<unknown>): VirtualClock => {
  jest.setTimeout(testWithinMs);
  beforeEach(() => {
    jest.useFakeTimers({ now: startMs, doNotFake: ['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask'] });
  });
  afterEach(async () => {
    await during(closeAll());
    jest.useRealTimers();
  });
  return { pass, during };
};
