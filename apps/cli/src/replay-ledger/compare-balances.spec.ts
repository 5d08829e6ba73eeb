import type { AccountBalance } from '@kwota/audit-log/replay-ledger';
import { mismatchesOf } from './compare-balances.js';
import { reportOf } from './replay.command.js';

const parcels: AccountBalance = {
  account: 'sms-kw00001-1',
  status: 'open',
  revision: 7,
  time: '2030-01-01T12:00:00.000Z',
  poolMilliCredits: 50_009,
  quotasMilliCredits: 148_000,
  heldMilliCredits: 1_000,
  consumedMilliCredits: 991,
  purchasedMilliCredits: 200_000,
  adjustedMilliCredits: 0,
  transferredInMilliCredits: 0,
  transferredOutMilliCredits: 0,
  openHolds: 1,
  users: [
    { userId: 'u-anna', quotaActive: true, leftMilliCredits: 148_000, thresholdMilliCredits: null },
    { userId: 'u-bo', quotaActive: false, leftMilliCredits: 50_009, thresholdMilliCredits: null },
  ],
};
const reported = { creditsLeft: 50, creditsHoldByQuota: 148, userQuantityWithQuota: 1 };

describe('balances against what is reported', () => {
  it('are equal when floored to two decimals', () => expect(mismatchesOf([parcels], new Map([[parcels.account, reported]]))).toEqual([]));

  it('differ by a hundredth', () =>
    expect(mismatchesOf([parcels], new Map([[parcels.account, { ...reported, creditsLeft: 50.01 }]]))).toEqual([
      { account: parcels.account, field: 'creditsLeft', replayed: 50, reported: 50.01 },
    ]));

  it('differ by an account that only one of both knows', () => {
    expect(mismatchesOf([parcels], new Map())).toEqual([{ account: parcels.account, field: 'account', replayed: 1, reported: null }]);
    expect(mismatchesOf([], new Map([[parcels.account, reported]]))).toEqual([{ account: parcels.account, field: 'account', replayed: null, reported: 1 }]);
  });
});

describe('the report of a replay', () => {
  const replay = { ok: true, events: 8, position: 8, accounts: [parcels] } as const;

  it('shows exact credits and says that nothing was compared', () => {
    const { exitCode, text } = reportOf(replay, { outcome: 'not-compared', reason: 'not asked for' });
    expect(exitCode).toBe(0);
    expect(text).toContain('50.009  148.000  1.000     0.991    200.000');
    expect(text).toContain('not compared: not asked for');
  });

  it('ends with 1 on a mismatch', () => {
    const mismatches = [{ account: parcels.account, field: 'creditsLeft', replayed: 50, reported: 51 }] as const;
    expect(reportOf(replay, { outcome: 'mismatch', url: 'http://127.0.0.1:8080', mismatches }).exitCode).toBe(1);
  });

  it('ends with 1 on a fault, and names its place', () => {
    const fault = { stream: 'credit-a', revision: 3, position: 9, reason: 'hash-mismatch' } as const;
    const { exitCode, text } = reportOf({ ok: false, events: 8, fault }, { outcome: 'not-compared', reason: '' });
    expect(exitCode).toBe(1);
    expect(text).toBe('hash-mismatch in credit-a at revision 3, position 9; the 8 events before are right');
  });
});
