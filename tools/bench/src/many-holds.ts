// One account with a million open holds (DESIGN §7): deciding and folding against one with few, without a disk, and how long a snapshot of it keeps the loop.
import { decide, decideHold, evolve, newCreditAccount, openHoldsMax, type CreditAccount, type CreditCommand } from '@kwota/credit-ledger';
import { packState } from '@kwota/ledger/core';
import type { Figure } from './figure.js';

const nowMs = Date.UTC(2030, 0, 1);
const hourMs = 3_600_000;
const context = { timeMs: nowMs, commandId: 'bench' };
const few = 1_000;
const measured = 10_000;

export const benchManyHolds = async (): Promise<readonly Figure[]> => {
  const small = accountWith(few);
  costOf(small, few);
  const withFew = costOf(small, few + measured);
  const account = accountWith(openHoldsMax - 1);
  const withMany = costOf(account, openHoldsMax);
  return [
    { case: 'hold, settle and end by tick with 1,000,000 open holds, of 1,000', value: withFew / withMany, unit: '×' },
    { case: 'a snapshot of 1,000,000 open holds keeps the loop, at most', value: await longestTurnOfSnapshot(account), unit: 'ms' },
  ];
};

const accountWith = (openHolds: number): CreditAccount => {
  const account = newCreditAccount('sms-kw00001-1');
  run(account, { type: 'OpenAccount' });
  run(account, { type: 'OpenUser', userId: 'u' });
  run(account, { type: 'PurchaseCredits', reference: 'bench', amountMilliCredits: 1_000_000_000_000 });
  run(account, { type: 'PurchaseCredits', reference: 'again', amountMilliCredits: 1_000_000_000_000 });
  for (let messageId = 1; messageId <= openHolds; messageId += 1) hold(account, messageId);
  return account;
};

const run = (account: CreditAccount, command: CreditCommand): void => {
  for (const event of decide(command, account, context).events) evolve(account, event, context);
};

const hold = (account: CreditAccount, messageId: number): void => {
  const { events, refusal } = decideHold(
    {
      type: 'HoldCredits',
      userId: 'u',
      messages: [{ messageId, parts: 1, destination: '33', amountMilliCredits: 1_000 }],
      rateVersion: 1,
      source: 'http2sms',
      settleByMs: nowMs + (messageId % 72) * hourMs,
      fingerprint: `content of ${messageId}`,
    },
    account,
    context,
  );
  if (refusal) throw new Error(`the benchmark was refused: ${refusal.code}`);
  for (const event of events) evolve(account, event, context);
};

/** Milliseconds for as many holds as settlings, and ticks that end some; ids go on after the one given. */
const costOf = (account: CreditAccount, after: number): number => {
  const startMs = performance.now();
  for (let each = 1; each <= measured; each += 1) {
    hold(account, after + each);
    run(account, { type: 'SettleCharge', messageId: after + each, parts: [{ ptt: 4, dlr: 1 }], silent: false, submitted: true });
    if (each % 1_000 === 0) run(account, { type: 'Tick', untilMs: nowMs + 72 * hourMs, limit: 10 });
  }
  return performance.now() - startMs;
};

const longestTurnOfSnapshot = async (account: CreditAccount): Promise<number> => {
  let longestMs = 0;
  let sinceMs = performance.now();
  await packState(account, async () => {
    longestMs = Math.max(longestMs, performance.now() - sinceMs);
    await new Promise((resolve) => setImmediate(resolve));
    sinceMs = performance.now();
  });
  return Math.max(longestMs, performance.now() - sinceMs);
};
