import { usersMax } from './credit-account.js';
import { anna, annaOpened, bertOpened, bought, given, noonMs, opened, quotaGiven, sends } from './credit-ledger.testing.js';
import { decide } from './decide.js';

const purchase = (amountMilliCredits: number, reference = 'order 7') => ({ type: 'PurchaseCredits', reference, amountMilliCredits }) as const;
const quota = (leftMilliCredits: number, active = true) => ({ type: 'SetQuota', userId: anna, active, leftMilliCredits }) as const;

describe('account', () => {
  it('opens once', () => {
    const ledger = given();
    expect(ledger.when({ type: 'OpenAccount' }).events).toEqual([{ type: 'AccountOpened' }]);
    expect(ledger.when({ type: 'OpenAccount' }).events).toEqual([]);
  });

  it('frozen, it holds nothing but still settles and takes purchases; thawed, it holds again', () => {
    const ledger = given(opened, annaOpened, bought(3));
    ledger.when(sends([1]));
    ledger.when({ type: 'FreezeAccount' });
    expect(ledger.when(sends([2])).refusal).toBe('account-frozen');
    expect(ledger.when(purchase(1_000)).refusal).toBeUndefined();
    expect(ledger.when({ type: 'WithdrawMessages', messageIds: [1] }).events).toHaveLength(1);
    ledger.when({ type: 'ThawAccount' });
    expect(ledger.when(sends([3])).refusal).toBeUndefined();
  });

  it('closes when no hold is open', () => {
    const ledger = given(opened, annaOpened, bought(3));
    ledger.when(sends([1]));
    expect(ledger.when({ type: 'CloseAccount' }).refusal).toBe('holds-open');
    ledger.when({ type: 'WithdrawMessages', messageIds: [1] });
    ledger.when({ type: 'CloseAccount' });
    expect(ledger.when(purchase(1_000)).refusal).toBe('account-closed');
  });
});

describe('purchase and adjustment', () => {
  it('a reference buys once; another amount under it is a conflict', () => {
    const ledger = given(opened);
    expect(ledger.when(purchase(5_000)).events).toEqual([{ type: 'CreditsPurchased', reference: 'order 7', amountMilliCredits: 5_000 }]);
    expect(ledger.when(purchase(5_000)).events).toEqual([]);
    expect(ledger.when(purchase(5_001)).refusal).toBe('conflict');
    expect(ledger.account.poolMilliCredits).toBe(5_000);
  });

  it.each([0, -1, 0.5, Number.NaN, 2 ** 53])('%s is no amount to buy', (amount) => expect(given(opened).when(purchase(amount)).refusal).toBe('amount-not-valid'));

  it('an adjustment may take what is there and not a milli-credit more', () => {
    const ledger = given(opened, bought(1));
    const adjust = (amountMilliCredits: number, reference: string) =>
      ledger.when({ type: 'AdjustCredits', reference, amountMilliCredits, reasonCode: 'goodwill', by: 'operator-1' });
    expect(adjust(-1_001, 'a').refusal).toBe('credit-too-low');
    expect(adjust(-1_000, 'b').events).toMatchObject([{ type: 'CreditsAdjusted', amountMilliCredits: -1_000, reasonCode: 'goodwill', by: 'operator-1' }]);
    expect(adjust(-1_000, 'b').events).toEqual([]);
    expect(adjust(500, 'b').refusal).toBe('conflict');
  });
});

describe('quota', () => {
  it('takes from the pool, gives back to it, and each allocation is a new grant', () => {
    const ledger = given(opened, annaOpened, bought(10));
    expect(ledger.when(quota(4_000)).events).toEqual([{ type: 'QuotaAllocated', userId: anna, grantId: 'g1', amountMilliCredits: 4_000 }]);
    expect(ledger.when(quota(6_000)).events).toEqual([{ type: 'QuotaChanged', userId: anna, grantId: 'g1', fromMilliCredits: 4_000, toMilliCredits: 6_000 }]);
    expect(ledger.account).toMatchObject({ poolMilliCredits: 4_000, quotasMilliCredits: 6_000, usersWithQuota: 1 });
    expect(ledger.when(quota(0, false)).events).toEqual([{ type: 'QuotaReturned', userId: anna, grantId: 'g1', amountMilliCredits: 6_000 }]);
    expect(ledger.when(quota(0, false)).events).toEqual([]);
    expect(ledger.when(quota(1_000)).events).toMatchObject([{ grantId: 'g2' }]);
  });

  it('the largest is what the pool has plus what this quota still holds, and the refusal says so', () => {
    const ledger = given(opened, annaOpened, bought(10), quotaGiven(4));
    ledger.when(sends([1]));
    const refused = ledger.when(quota(9_001));
    expect(refused).toMatchObject({ refusal: 'quota-above-pool', events: [{ type: 'CommandRefused', largestMilliCredits: 9_000 }] });
    expect(ledger.when(quota(9_000)).account).toMatchObject({ poolMilliCredits: 0, quotasMilliCredits: 9_000 });
  });

  it('a command id that comes again after a debit does not set the quota again; asking for another amount is a conflict', () => {
    const ledger = given(opened, annaOpened, bought(10));
    ledger.when(quota(4_000), 'put-1');
    ledger.when(sends([1]));
    expect(ledger.when(quota(4_000), 'put-1').events).toEqual([]);
    expect(ledger.account.quotasMilliCredits).toBe(3_000);
    expect(ledger.when(quota(5_000), 'put-1').refusal).toBe('conflict');
    expect(ledger.when(quota(4_000), 'put-2').events).toHaveLength(1);
  });

  it('a refused command id stays refused', () => {
    const ledger = given(opened, annaOpened, bought(1));
    ledger.when(quota(4_000), 'put-1');
    ledger.when(purchase(9_000));
    expect(ledger.when(quota(4_000), 'put-1')).toMatchObject({ events: [], refusal: 'quota-above-pool' });
  });
});

describe('users', () => {
  it('a closed userId never opens again, and closing again changes nothing', () => {
    const ledger = given(opened, annaOpened);
    ledger.when({ type: 'CloseUser', userId: anna });
    expect(ledger.when({ type: 'CloseUser', userId: anna })).toMatchObject({ events: [], refusal: undefined });
    expect(ledger.when({ type: 'OpenUser', userId: anna }).refusal).toBe('user-closed');
    expect(ledger.when(quota(0)).refusal).toBe('user-closed');
  });

  it('an account has at most 10,000', () => {
    const ledger = given(opened, bertOpened);
    Object.defineProperty(ledger.account.users, 'size', { value: usersMax });
    expect(decide({ type: 'OpenUser', userId: anna }, ledger.account, { timeMs: noonMs, commandId: 'c' }).refusal?.code).toBe('too-many-users');
  });
});

describe('a command that found everything as it asked for, given again by the log', () => {
  it('changes nothing that came after it', () => {
    const ledger = given(opened, annaOpened, bought(5));
    const off = { type: 'SetQuota', userId: anna, active: false, leftMilliCredits: 0 } as const;
    expect(ledger.when(off, 'c-off').events).toEqual([]);
    ledger.when({ ...off, active: true, leftMilliCredits: 2_000 });
    const again = { timeMs: noonMs, commandId: 'c-off', alreadyApplied: true };
    expect(decide(off, ledger.account, again)).toMatchObject({ events: [], refusal: { code: 'too-old' } });
    expect(decide({ type: 'SetThreshold', userId: anna, levelMilliCredits: 1_000 }, ledger.account, { ...again, commandId: 'c-level' }).events).toEqual([]);
  });
});

describe('transfer', () => {
  const out = (amountMilliCredits: number, transferId = 't1') => ({ type: 'TransferCredits', transferId, toAccount: 'sms-other-1', amountMilliCredits }) as const;

  it('goes out once and comes back at most once, under the same id', () => {
    const ledger = given(opened, bought(5));
    expect(ledger.when(out(2_000)).events).toHaveLength(1);
    expect(ledger.when(out(2_000)).events).toEqual([]);
    expect(ledger.when(out(1_000)).refusal).toBe('conflict');
    expect(ledger.account).toMatchObject({ poolMilliCredits: 3_000, transferredOutMilliCredits: 2_000 });
    expect(ledger.when({ type: 'ReturnTransfer', transferId: 't1' }).events).toHaveLength(1);
    expect(ledger.when({ type: 'ReturnTransfer', transferId: 't1' }).events).toEqual([]);
    expect(ledger.account).toMatchObject({ poolMilliCredits: 5_000, transferredOutMilliCredits: 0 });
  });

  it('never more than the pool has, never to itself', () => {
    const ledger = given(opened, bought(5));
    expect(ledger.when(out(5_001)).refusal).toBe('credit-too-low');
    expect(ledger.when({ ...out(1), toAccount: 'sms-kw00001-1' }).refusal).toBe('amount-not-valid');
  });

  it('comes in once; an account that is not there refuses it, for ever', () => {
    const incoming = { type: 'ReceiveTransfer', transferId: 't1', fromAccount: 'sms-other-1', amountMilliCredits: 2_000 } as const;
    const ledger = given(opened);
    expect(ledger.when(incoming).events).toHaveLength(1);
    expect(ledger.when(incoming).events).toEqual([]);
    const missing = given();
    expect(missing.when(incoming).refusal).toBe('account-unknown');
    missing.when({ type: 'OpenAccount' });
    expect(missing.when(incoming)).toMatchObject({ events: [], refusal: 'account-unknown' });
  });

  it('comes in from each account that sends it under the same id, and is refused to each of them alone', () => {
    const incoming = { type: 'ReceiveTransfer', transferId: 't1', fromAccount: 'sms-other-1', amountMilliCredits: 2_000 } as const;
    const ledger = given();
    expect(ledger.when(incoming).refusal).toBe('account-unknown');
    ledger.when({ type: 'OpenAccount' });
    expect(ledger.when({ ...incoming, fromAccount: 'sms-third-1' }).events).toHaveLength(1);
    expect(ledger.when({ ...incoming, fromAccount: 'sms-fourth-1' }).events).toHaveLength(1);
    expect(ledger.when(incoming)).toMatchObject({ events: [], refusal: 'account-unknown', account: { poolMilliCredits: 4_000 } });
  });
});
