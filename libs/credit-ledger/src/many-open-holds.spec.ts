// An account with very many open holds. A million of them, with times, is a case of `npm run bench -- ledger`.
import { assertInvariantInFull, newCreditAccount, openHoldsMax, type CreditAccount } from './credit-account.js';
import type { CreditCommand } from './credit-commands.js';
import { anAccount, annaOpened, bought, ends, noonMs, opened, sends } from './credit-ledger.testing.js';
import { decide } from './decide.js';
import { decideHold } from './decide-hold.js';
import { evolve } from './evolve.js';

const hourMs = 3_600_000;
const context = { timeMs: noonMs, commandId: 'c' };
const openAccount = (): CreditAccount => {
  const account = newCreditAccount(anAccount);
  for (const event of [opened, annaOpened, bought(100_000_000)]) evolve(account, event, context);
  return account;
};
const run = (account: CreditAccount, command: CreditCommand): number => {
  const { events } = decide(command, account, context);
  for (const event of events) evolve(account, event, context);
  return events.length;
};
/** Due in one of 100 hours. */
const hold = (account: CreditAccount, id: number): number => run(account, sends([id], { settleByMs: noonMs + (id % 100) * hourMs }));

/** The fastest of some runs: what others do on the machine does not count. */
const fastestMs = (work: () => void): number =>
  Math.min(
    ...Array.from({ length: 5 }, () => {
      const startMs = performance.now();
      work();
      return performance.now() - startMs;
    }),
  );

const many = 200_000;
const few = 1_000;

it('holding, settling and ending by ticks cost the same with 200,000 open holds as with 1,000', () => {
  const costs = [few, many].map((count) => {
    const account = openAccount();
    for (let id = 1; id <= count; id += 1) hold(account, id);
    let next = count;
    let settled = 0;
    const costMs = fastestMs(() => {
      for (let each = 0; each < 100; each += 1) {
        hold(account, (next += 1));
        run(account, ends((settled += 1), [1]));
      }
      // All that is due in one hour, or 20 of it.
      expect(run(account, { type: 'Tick', untilMs: noonMs + 100 * hourMs, limit: 20 })).toBe(21);
    });
    assertInvariantInFull(account);
    return costMs;
  });
  // Whoever looks at all of them takes 200 times as long.
  expect(costs[1]).toBeLessThan(20 * (costs[0] as number));
});

it('a tick takes what is due first, and no more than it was told', () => {
  const account = openAccount();
  for (let id = 1; id <= 1_000; id += 1) hold(account, id);
  expect(run(account, { type: 'Tick', untilMs: noonMs + 2 * hourMs, limit: 500 })).toBe(21);
  expect([...account.openCharges.values()].every(({ settleByMs }) => settleByMs >= noonMs + 2 * hourMs)).toBe(true);
  expect(run(account, { type: 'Tick', untilMs: noonMs + 2 * hourMs, limit: 500 })).toBe(0);
});

it('up to a million, then a submission that does not fit is refused as a whole', () => {
  const account = openAccount();
  hold(account, 1);
  const refusalWith = (openHolds: number) => {
    Object.defineProperty(account.openCharges, 'size', { value: openHolds, configurable: true });
    return decideHold(sends([8, 9]), account, context).refusal?.code;
  };
  expect(refusalWith(openHoldsMax - 2)).toBeUndefined();
  expect(refusalWith(openHoldsMax - 1)).toBe('too-many-open-holds');
});
