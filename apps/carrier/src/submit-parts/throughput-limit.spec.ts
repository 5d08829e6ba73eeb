import { ThroughputLimit } from './throughput-limit.js';

/** How many may go within the time, looked at each millisecond. */
const sentWithin = (perSecondMax: number, ms: number): number => {
  const limit = new ThroughputLimit();
  let sent = 0;
  for (let nowMs = 1_000; nowMs < 1_000 + ms; nowMs += 1)
    while (sent < 100_000 && limit.waitMs(perSecondMax, nowMs) === 0) {
      limit.take(perSecondMax, nowMs);
      sent += 1;
      if (perSecondMax === 0) break;
    }
  return sent;
};

it.each([
  [1, 10_000, 10],
  [50, 10_000, 510],
  [1_000, 2_000, 2_200],
])('with %i a second, in %i ms no more than %i go out', (perSecondMax, ms, sentMax) => {
  const sent = sentWithin(perSecondMax, ms);
  expect(sent).toBeLessThanOrEqual(sentMax);
  expect(sent).toBeGreaterThanOrEqual((perSecondMax * ms) / 1_000 - 1);
});

it('after a pause a fifth of a second may go at once, not more', () => {
  const limit = new ThroughputLimit();
  limit.take(100, 0);
  let sent = 0;
  for (; limit.waitMs(100, 3_600_000) === 0; sent += 1) limit.take(100, 3_600_000);
  expect(sent).toBe(20);
});

it('0 is no limit', () => expect(sentWithin(0, 100)).toBe(100));

it('it tells how long the next one waits', () => {
  const limit = new ThroughputLimit();
  limit.take(10, 0);
  for (; limit.waitMs(10, 1_000) === 0; ) limit.take(10, 1_000);
  expect(limit.waitMs(10, 1_000)).toBe(100);
});
