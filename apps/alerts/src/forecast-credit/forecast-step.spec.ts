import { forecastStep, runsOutSeenFrom } from './forecast-step.js';

const hourMs = 60 * 60 * 1_000;
const dayMs = 24 * hourMs;
const noonMs = Date.parse('2026-11-23T12:00:00Z');
/** 100 credits an hour as of noon, so that what is left lasts so many days. */
const lasting = (days: number) => ({
  leftMilliCredits: days * 24 * 100_000,
  thresholdMilliCredits: null,
  burnMilliCreditsPerHour: 100_000,
  runsOutAtMs: noonMs + days * dayMs,
});

describe('with a warning at three days', () => {
  it.each([
    ['lasts four days', false, 4, 'stay'],
    ['lasts three days', false, 3, 'warn'],
    ['lasts two days and was warned of', true, 2, 'stay'],
    ['lasts five days again after the warning: a rate rises and falls', true, 5, 'stay'],
    ['lasts seven days after the warning', true, 7, 'forget'],
  ])('credit that %s: %s, %d → %s', (_, isSoon, days, step) => {
    expect(forecastStep(isSoon, lasting(days), 3, noonMs)).toMatchObject({ step });
  });

  it('nothing left is no forecast', () => {
    expect(forecastStep(false, { ...lasting(0), runsOutAtMs: noonMs }, 3, noonMs)).toEqual({ step: 'stay' });
  });

  it('a ledger that does not tell the rate warns of nothing and forgets nothing', () => {
    const silent = { leftMilliCredits: 5_000, thresholdMilliCredits: null };
    expect([true, false].map((isSoon) => forecastStep(isSoon, silent, 3, noonMs).step)).toEqual(['stay', 'stay']);
  });

  it('whoever spends nothing is warned of nothing, and forgotten', () => {
    const idle = { leftMilliCredits: 5_000, thresholdMilliCredits: null, burnMilliCreditsPerHour: 0, runsOutAtMs: null };
    expect([true, false].map((isSoon) => forecastStep(isSoon, idle, 3, noonMs).step)).toEqual(['forget', 'stay']);
  });
});

it('an account that stops spending does not come nearer to its end by the clock alone', () => {
  const credit = lasting(4);
  expect(runsOutSeenFrom(credit, noonMs)).toBe(noonMs + 4 * dayMs);
  // Two days without spending: a quarter of the rate.
  expect(runsOutSeenFrom(credit, noonMs + 2 * dayMs)).toBe(noonMs + 2 * dayMs + 16 * dayMs);
  expect(forecastStep(false, credit, 3, noonMs + 3 * dayMs).step).toBe('stay');
});
