import { billingPolicyV1, isBilled } from './billing-policy.js';
import type { CreditEvent } from './credit-events.js';
import { anna, annaOpened, bought, ends, given, noonMs, opened, quotaGiven, sends } from './credit-ledger.testing.js';

const held = (parts = 1, ...more: readonly CreditEvent[]) => {
  const ledger = given(opened, annaOpened, bought(10), ...more);
  ledger.when(sends([7], { parts }));
  return ledger;
};
const dayMs = 24 * 60 * 60 * 1_000;

describe('settle charges', () => {
  it('a delivered message is captured', () => {
    const { events, account } = held().when(ends(7, [1]));
    expect(events).toEqual([{ type: 'CreditsCaptured', messageId: 7, amountMilliCredits: 1_000, billingPolicyVersion: 1, silent: false }]);
    expect(account).toMatchObject({ poolMilliCredits: 9_000, heldMilliCredits: 0, consumedMilliCredits: 1_000 });
    expect(account.openCharges.size).toBe(0);
    expect(account.dueByHour.size).toBe(0);
  });

  it('a message not delivered is billed like one delivered; DLR 16 alone gives the credit back', () => {
    expect(held().when(ends(7, [2])).events).toMatchObject([{ type: 'CreditsCaptured', amountMilliCredits: 1_000 }]);
    expect(held().when(ends(7, [16])).events).toMatchObject([{ type: 'CreditsReleased', amountMilliCredits: 1_000, grantId: null, reason: 'not-billed' }]);
  });

  it('is charged by part', () => {
    const { events, account } = held(3).when(ends(7, [1, 16, 2]));
    expect(events).toMatchObject([
      { type: 'CreditsCaptured', amountMilliCredits: 2_000 },
      { type: 'CreditsReleased', amountMilliCredits: 1_000 },
    ]);
    expect(account).toMatchObject({ poolMilliCredits: 8_000, consumedMilliCredits: 2_000 });
  });

  it('happens once', () => {
    const ledger = held();
    ledger.when(ends(7, [1]));
    expect(ledger.when(ends(7, [1])).events).toEqual([]);
    expect(ledger.when(ends(7, [16])).events).toEqual([]);
  });

  it('what is released returns to its quota, or to the pool once that has ended', () => {
    const ledger = held(2, quotaGiven(5));
    ledger.when(sends([8], { parts: 1 }));
    ledger.when(ends(8, [16]));
    expect(ledger.account).toMatchObject({ poolMilliCredits: 5_000, quotasMilliCredits: 3_000 });
    ledger.when({ type: 'SetQuota', userId: anna, active: false, leftMilliCredits: 0 });
    ledger.when({ type: 'SetQuota', userId: anna, active: true, leftMilliCredits: 1_000 });
    expect(ledger.when(ends(7, [16, 16])).events).toMatchObject([{ type: 'CreditsReleased', amountMilliCredits: 2_000, grantId: null }]);
    expect(ledger.account).toMatchObject({ poolMilliCredits: 9_000, quotasMilliCredits: 1_000 });
  });

  it('what is released after its user was closed returns to the pool', () => {
    const ledger = held(2, quotaGiven(5));
    expect(ledger.when({ type: 'CloseUser', userId: anna }).events).toEqual([{ type: 'UserClosed', userId: anna, returnedMilliCredits: 3_000 }]);
    expect(ledger.when(sends([8])).refusal).toBe('user-closed');
    ledger.when(ends(7, [16, 16]));
    expect(ledger.account).toMatchObject({ poolMilliCredits: 10_000, quotasMilliCredits: 0, heldMilliCredits: 0 });
  });

  it('a message that was never held is refused, and the refusal recorded; one that was refused has nothing to settle', () => {
    const ledger = held();
    expect(ledger.when(ends(99, [1])).refusal).toBe('message-unknown');
    ledger.when(sends([8], { parts: 100 }));
    expect(ledger.when(ends(8, [16]))).toMatchObject({ events: [], refusal: undefined });
  });

  it('a policy can name single codes that are not billed', () => {
    const policy = { ...billingPolicyV1, version: 2, notBilled: [{ dlr: 2, ptt: 23 }] };
    expect([isBilled(policy, { dlr: 2, ptt: 23 }), isBilled(policy, { dlr: 2, ptt: 5 }), isBilled(billingPolicyV1, { dlr: 2, ptt: 23 })]).toEqual([false, true, true]);
  });
});

describe('a final without a receipt', () => {
  const silent = (submitted: boolean) => ends(7, [2, 2], { silent: true, submitted });

  it('is billed when the carrier had taken the message, released when not', () => {
    expect(held(2).when(silent(true)).events).toMatchObject([{ type: 'CreditsCaptured', amountMilliCredits: 2_000, silent: true }]);
    expect(held(2).when(silent(false)).events).toMatchObject([{ type: 'CreditsReleased', amountMilliCredits: 2_000, silent: true }]);
  });

  it('billed, then a real receipt that is not billed: refunded, once', () => {
    const ledger = held(2);
    ledger.when(silent(true));
    expect(ledger.when(ends(7, [1, 16])).events).toMatchObject([{ type: 'CreditsRefunded', messageId: 7, amountMilliCredits: 1_000, reason: 'receipt-after-silence' }]);
    expect(ledger.when(ends(7, [16, 16])).events).toEqual([]);
    expect(ledger.account).toMatchObject({ poolMilliCredits: 9_000, consumedMilliCredits: 1_000 });
  });

  it('released, then a real receipt that is billed: taken as far as credit is left, never below zero', () => {
    const ledger = held(2);
    ledger.when(silent(false));
    ledger.when(sends([8], { parts: 9 }));
    expect(ledger.when(ends(7, [1, 1])).events).toMatchObject([{ type: 'CaptureCorrected', dueMilliCredits: 2_000, amountMilliCredits: 1_000 }]);
    expect(ledger.account.poolMilliCredits).toBe(0);
    expect(ledger.when(ends(7, [1, 1])).events).toEqual([]);
  });

  it('billed, then a real receipt that is billed as well: noted, no money moves', () => {
    const ledger = held(2);
    ledger.when(silent(true));
    expect(ledger.when(ends(7, [1, 1])).events).toMatchObject([{ type: 'CaptureCorrected', dueMilliCredits: 0, amountMilliCredits: 0 }]);
    expect(ledger.when(ends(7, [16, 16])).events).toEqual([]);
  });
});

describe('withdraw', () => {
  const withdraw = (...messageIds: number[]) => ({ type: 'WithdrawMessages', messageIds }) as const;

  it('what is held is released; the message\'s own final later changes nothing', () => {
    const ledger = held(2);
    expect(ledger.when(withdraw(7)).events).toMatchObject([{ type: 'CreditsReleased', amountMilliCredits: 2_000, reason: 'withdrawn' }]);
    expect(ledger.when(ends(7, [16, 16])).events).toEqual([]);
    expect(ledger.when(ends(7, [1, 1])).events).toEqual([]);
    expect(ledger.account.poolMilliCredits).toBe(10_000);
  });

  it('what was captured is refunded, once', () => {
    const ledger = held(2);
    ledger.when(ends(7, [1, 16]));
    expect(ledger.when(withdraw(7)).events).toMatchObject([{ type: 'CreditsRefunded', amountMilliCredits: 1_000, reason: 'withdrawn' }]);
    expect(ledger.when(withdraw(7)).events).toEqual([]);
    expect(ledger.account).toMatchObject({ poolMilliCredits: 10_000, consumedMilliCredits: 0 });
  });

  it('an id never seen is remembered: the submission that comes later is refused', () => {
    const ledger = given(opened, annaOpened, bought(10));
    expect(ledger.when(withdraw(7, 8)).events).toEqual([{ type: 'MessagesWithdrawn', messageIds: [7, 8] }]);
    expect(ledger.when(withdraw(7, 8)).events).toEqual([]);
    expect(ledger.when(sends([7, 8])).refusal).toBe('withdrawn');
  });

  it('of a refused submission changes nothing', () => {
    const ledger = given(opened, annaOpened);
    ledger.when(sends([7]));
    expect(ledger.when(withdraw(7)).events).toEqual([]);
  });
});

describe('tick', () => {
  it('releases what is due and a real receipt still corrects that; what is not due stays', () => {
    const ledger = given(opened, annaOpened, bought(10));
    ledger.when(sends([7], { settleByMs: noonMs + dayMs }));
    ledger.when(sends([8], { settleByMs: noonMs + 3 * dayMs }));
    expect(ledger.when({ type: 'Tick', untilMs: noonMs, limit: 100 }).events).toEqual([]);
    const untilMs = noonMs + 2 * dayMs;
    expect(ledger.when({ type: 'Tick', untilMs, limit: 100 }).events).toMatchObject([
      { type: 'Ticked', untilMs },
      { type: 'CreditsReleased', messageId: 7, reason: 'no-outcome', silent: true },
    ]);
    expect(ledger.when({ type: 'Tick', untilMs, limit: 100 }).events).toEqual([]);
    expect(ledger.when(ends(7, [1])).events).toMatchObject([{ type: 'CaptureCorrected', amountMilliCredits: 1_000 }]);
  });

  it('ends no more holds at once than its limit', () => {
    const ledger = given(opened, annaOpened, bought(10));
    ledger.when(sends([7, 8, 9], { settleByMs: noonMs }));
    expect(ledger.when({ type: 'Tick', untilMs: noonMs + dayMs, limit: 2 }).events).toHaveLength(3);
    expect(ledger.when({ type: 'Tick', untilMs: noonMs + dayMs, limit: 2 }).events).toHaveLength(2);
  });
});
