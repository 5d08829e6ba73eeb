import { useVirtualClock } from './virtual-clock.js';

const hourMs = 3_600_000;
const startMs = Date.parse('2026-11-23T12:00:00Z');
const { pass, during } = useVirtualClock(startMs, () => Promise.resolve());

it('an hour passes at once, and Date with it', async () => {
  let rung = 0;
  setTimeout(() => (rung = Date.now()), hourMs);
  await pass(2 * hourMs, 60_000);
  expect([rung, Date.now()]).toEqual([startMs + hourMs, startMs + 2 * hourMs]);
});

it('time passes until what is waited for has come about', async () => {
  await during(new Promise((resolve) => setTimeout(resolve, 1_000)));
  expect(Date.now()).toBe(startMs + 1_000);
});
