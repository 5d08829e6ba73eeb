import { failingPercent, percentToTell, switchOffAfterMs } from './failing-percent.js';

it.each([
  [0, 0],
  [0.499, 49],
  [0.5, 50],
  [1, 100],
  [3, 100],
])('%d of five days of failures are %i %', (share, percent) =>
  expect(failingPercent({ failingSinceMs: 1_000, lastFailureAtMs: 1_000 + share * switchOffAfterMs })).toBe(percent),
);

it.each([
  [49, 0, undefined],
  [50, 0, 50],
  [69, 50, undefined],
  [70, 50, 70],
  [95, 50, 90],
  [100, 90, 100],
  [100, 0, 100],
  [100, 100, undefined],
])('at %i %, of which %i % is told, %s is told', (percent, told, expected) => expect(percentToTell(percent, told)).toBe(expected));
