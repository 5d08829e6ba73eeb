import { retryDelayMs } from './retry-schedule.js';

it.each([
  [1, 10_000],
  [2, 20_000],
  [7, 640_000],
  [8, 900_000],
  [96, 900_000],
])('after %d failed attempts the pause is %d ms, ±20 %%', (attempts, delayMs) => {
  expect(retryDelayMs(attempts, 0.5)).toBe(delayMs);
  expect(retryDelayMs(attempts, 0)).toBe(delayMs * 0.8);
  expect(retryDelayMs(attempts, 1)).toBe(delayMs * 1.2);
});
