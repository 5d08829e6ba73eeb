import fc from 'fast-check';
import { addBurn, burnAt, burnHalfLifeMs, noBurn, runsOutAtMs } from './burn-rate.js';
import { anna, annaOpened, bought, ends, given, noonMs, opened, sends } from './credit-ledger.testing.js';

const hourMs = 60 * 60 * 1_000;

it('an even pace is found, and what is left lasts as long as that pace allows', () => {
  const burn = noBurn();
  for (let hour = 0; hour <= 30 * 24; hour += 1) addBurn(burn, 100, noonMs + hour * hourMs);
  const nowMs = noonMs + 30 * 24 * hourMs;
  expect(burnAt(burn, nowMs)).toBeGreaterThan(98);
  expect(burnAt(burn, nowMs)).toBeLessThan(103);
  expect(((runsOutAtMs(burn, 1_000, nowMs) ?? 0) - nowMs) / hourMs).toBeCloseTo(10, 0);
});

it('after a day without spending the pace is half, and nothing left is out now', () => {
  const burn = noBurn();
  addBurn(burn, 1_000, noonMs);
  expect(burnAt(burn, noonMs + burnHalfLifeMs)).toBeCloseTo(burnAt(burn, noonMs) / 2);
  expect(runsOutAtMs(burn, 0, noonMs)).toBe(noonMs);
});

it('who never spent, and who spends next to nothing, does not run out', () => {
  const burn = noBurn();
  expect(runsOutAtMs(burn, 1_000, noonMs)).toBeNull();
  expect(runsOutAtMs(burn, 0, noonMs)).toBeNull();
  addBurn(burn, 1, noonMs);
  expect(runsOutAtMs(burn, 1_000_000_000, noonMs)).toBeNull();
});

it('what is given back at once was never spent; purchases are no consumption; each user has a pace of its own', () => {
  const ledger = given(opened, annaOpened, bought(100));
  expect(ledger.account.burn).toEqual(noBurn());
  ledger.when(sends([1, 2]));
  const paid = ledger.account.burn.milliCreditsPerHour;
  expect(ledger.account.users.get(anna)?.burn.milliCreditsPerHour).toBe(paid);
  ledger.when(sends([3], { userId: null }));
  expect(ledger.account.burn.milliCreditsPerHour).toBeCloseTo(paid * 1.5);
  expect(ledger.account.users.get(anna)?.burn.milliCreditsPerHour).toBe(paid);
  ledger.when(ends(1, [16]));
  ledger.when(ends(3, [16]));
  expect(ledger.account.burn.milliCreditsPerHour).toBeCloseTo(paid / 2);
});

it('is never below zero, and does not depend on how often it is looked at', () => {
  const spending = fc.array(fc.record({ amount: fc.integer({ min: -5_000, max: 5_000 }), afterMs: fc.nat({ max: 100 * hourMs }) }), { maxLength: 30 });
  fc.assert(
    fc.property(spending, (all) => {
      const [burn, looked] = [noBurn(), noBurn()];
      let timeMs = noonMs;
      for (const { amount, afterMs } of all) {
        timeMs += afterMs;
        addBurn(burn, amount, timeMs);
        addBurn(looked, 0, timeMs - afterMs / 2);
        addBurn(looked, amount, timeMs);
        expect(burn.milliCreditsPerHour).toBeGreaterThanOrEqual(0);
        expect(looked.milliCreditsPerHour).toBeCloseTo(burn.milliCreditsPerHour, 5);
      }
    }),
  );
});
