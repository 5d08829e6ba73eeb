import type { CreditCommand } from './credit-commands.js';
import { anAccount, anna, annaOpened, bert, bertOpened, bought, ends, given, opened, quotaGiven, sends } from './credit-ledger.testing.js';

const level = (credits: number | null, userId: string | null = null): CreditCommand => ({
  type: 'SetThreshold',
  userId,
  levelMilliCredits: credits === null ? null : credits * 1_000,
});
const quota = (credits: number, userId = anna, active = true): CreditCommand => ({ type: 'SetQuota', userId, active, leftMilliCredits: credits * 1_000 });
const buys = (credits: number): CreditCommand => ({ type: 'PurchaseCredits', reference: `buys ${credits}`, amountMilliCredits: credits * 1_000 });
const types = ({ events }: { events: readonly { type: string }[] }) => events.map(({ type }) => type);

const watched = () => {
  const ledger = given(opened, annaOpened, bertOpened, bought(5));
  ledger.when(level(3));
  return ledger;
};

describe('threshold (OVH.md §9)', () => {
  it('fires in the decision whose spending makes what is left equal to it, once', () => {
    const ledger = watched();
    expect(types(ledger.when(sends([1])))).toEqual(['CreditsHeld']);
    const { events } = ledger.when(sends([2], { source: 'rest' }));
    expect(events[1]).toEqual({
      type: 'ThresholdCrossed',
      crossingId: `${anAccount}.1`,
      userId: null,
      levelMilliCredits: 3_000,
      leftMilliCredits: 3_000,
      causedBy: 'rest',
    });
    expect(types(ledger.when(sends([3])))).toEqual(['CreditsHeld']);
  });

  it('a debit that jumps over it fires too, and one made by an alert says so', () => {
    expect(watched().when(sends([1], { parts: 5 })).events[1]).toMatchObject({ type: 'ThresholdCrossed', leftMilliCredits: 0 });
    expect(watched().when(sends([1], { parts: 5, source: 'alert', userId: null })).events[1]).toMatchObject({ causedBy: 'alert' });
  });

  it('is not armed again by a release or a refund', () => {
    const ledger = watched();
    ledger.when(sends([1, 2]));
    expect(types(ledger.when(ends(1, [16])))).toEqual(['CreditsReleased']);
    expect(types(ledger.when({ type: 'WithdrawMessages', messageIds: [2] }))).toEqual(['CreditsReleased']);
    expect(types(ledger.when(sends([3, 4])))).toEqual(['CreditsHeld', 'CreditsHeld']);
  });

  it('is armed again by a purchase that lifts what is left above it, and not by one that does not', () => {
    const ledger = watched();
    ledger.when(sends([1, 2, 3]));
    expect(types(ledger.when(buys(1)))).toEqual(['CreditsPurchased']);
    expect(types(ledger.when(buys(2)))).toEqual(['CreditsPurchased', 'ThresholdRearmed']);
    expect(types(ledger.when(sends([4, 5])))).toEqual(['CreditsHeld', 'CreditsHeld', 'ThresholdCrossed']);
  });

  it('is armed again by an incoming transfer, not by one that returns', () => {
    const ledger = watched();
    ledger.when(sends([1, 2]));
    ledger.when({ type: 'TransferCredits', transferId: 't1', toAccount: 'sms-other-1', amountMilliCredits: 1_000 });
    expect(types(ledger.when({ type: 'ReturnTransfer', transferId: 't1' }))).toEqual(['CreditsTransferReturned']);
    const incoming = { type: 'ReceiveTransfer', transferId: 't2', fromAccount: 'sms-other-1', amountMilliCredits: 1_000 } as const;
    expect(types(ledger.when(incoming))).toEqual(['CreditsTransferredIn', 'ThresholdRearmed']);
  });

  it('set at or above what is left fires at once; set below is armed', () => {
    const ledger = given(opened, bought(5));
    expect(types(ledger.when(level(4)))).toEqual(['ThresholdSet']);
    expect(ledger.when(level(5)).events).toMatchObject([{ type: 'ThresholdSet' }, { type: 'ThresholdCrossed', causedBy: 'threshold-set', leftMilliCredits: 5_000 }]);
  });

  it('the same level again changes nothing; off and on again is a change', () => {
    const ledger = watched();
    ledger.when(sends([1, 2]));
    expect(ledger.when(level(3)).events).toEqual([]);
    expect(types(ledger.when(level(null)))).toEqual(['ThresholdSet']);
    expect(ledger.when(level(null)).events).toEqual([]);
    expect(types(ledger.when(level(3)))).toEqual(['ThresholdSet', 'ThresholdCrossed']);
  });

  it('of a user counts the quota where active, whoever spends the pool', () => {
    const ledger = given(opened, annaOpened, bertOpened, bought(10), quotaGiven(3));
    ledger.when(level(2, anna));
    expect(types(ledger.when(sends([1, 2, 3, 4, 5, 6], { userId: bert })))).not.toContain('ThresholdCrossed');
    expect(ledger.when(sends([7])).events[1]).toMatchObject({ type: 'ThresholdCrossed', userId: anna, leftMilliCredits: 2_000 });
  });

  it('of a user without a quota counts the pool, whoever spends it', () => {
    const ledger = given(opened, annaOpened, bertOpened, bought(5));
    ledger.when(level(4, anna));
    ledger.when(level(4));
    expect(ledger.when(sends([1], { userId: bert })).events.slice(1)).toMatchObject([
      { type: 'ThresholdCrossed', userId: null, crossingId: `${anAccount}.1` },
      { type: 'ThresholdCrossed', userId: anna, crossingId: `${anAccount}.2` },
    ]);
  });

  it('is armed again by a quota change that lifts what is left above it', () => {
    const ledger = given(opened, annaOpened, bought(10), quotaGiven(3));
    ledger.when(level(2, anna));
    ledger.when(sends([1, 2]));
    expect(types(ledger.when(quota(2)))).toEqual(['QuotaChanged']);
    expect(types(ledger.when(quota(3)))).toEqual(['QuotaChanged', 'ThresholdRearmed']);
  });

  it('a quota that is switched off or ends with its user lifts the pool, and arms those that count it', () => {
    for (const end of [quota(0, anna, false), { type: 'CloseUser', userId: anna } as const]) {
      const ledger = given(opened, annaOpened, bertOpened, bought(5), quotaGiven(3));
      ledger.when(level(1, bert));
      ledger.when(sends([1], { userId: bert }));
      expect(types(ledger.when(end))).toContain('ThresholdRearmed');
    }
  });

  it('a quota given lowers the pool but is no spending: nothing fires until the next debit', () => {
    const ledger = watched();
    expect(types(ledger.when(quota(4)))).toEqual(['QuotaAllocated']);
    expect(types(ledger.when(sends([1], { userId: bert })))).toEqual(['CreditsHeld', 'ThresholdCrossed']);
  });

  it('a correction after silence is a debit too', () => {
    const ledger = watched();
    ledger.when(sends([1, 2]));
    ledger.when(ends(1, [2], { silent: true, submitted: false }));
    ledger.when(level(null));
    ledger.when(level(3));
    expect(types(ledger.when(ends(1, [1])))).toEqual(['CaptureCorrected', 'ThresholdCrossed']);
  });
});

describe('the level at which an account is to be topped up', () => {
  const set = (credits: number | null) => ({ type: 'SetRecreditThreshold', levelMilliCredits: credits === null ? null : credits * 1_000 }) as const;
  const ready = (credits: number) => given(opened, annaOpened, bought(credits));

  it('is told once when spending from the pool brings it down to the level, in the same append', () => {
    const ledger = ready(3);
    expect(ledger.when(set(2)).events).toEqual([{ type: 'RecreditThresholdSet', levelMilliCredits: 2_000 }]);
    expect(ledger.when(sends([7])).events).toMatchObject([
      { type: 'CreditsHeld' },
      { type: 'RecreditThresholdReached', reachedId: 'sms-kw00001-1.r1', levelMilliCredits: 2_000, leftMilliCredits: 2_000 },
    ]);
    expect(ledger.when(sends([8])).events).toMatchObject([{ type: 'CreditsHeld' }]);
  });

  it('is armed again by a purchase above it, never by a release', () => {
    const ledger = ready(3);
    ledger.when(set(2));
    ledger.when(sends([7]));
    expect(ledger.when(ends(7, [16])).events).toMatchObject([{ type: 'CreditsReleased' }]);
    expect(ledger.when({ type: 'PurchaseCredits', reference: 'more', amountMilliCredits: 1_000 }).events).toMatchObject([
      { type: 'CreditsPurchased' },
      { type: 'RecreditThresholdRearmed', levelMilliCredits: 2_000 },
    ]);
    expect(ledger.when(sends([8, 9])).events).toMatchObject([{ type: 'CreditsHeld' }, { type: 'CreditsHeld' }, { type: 'RecreditThresholdReached', reachedId: 'sms-kw00001-1.r2' }]);
  });

  it('at or above what is left is told at once; the same again changes nothing; off tells nothing', () => {
    const ledger = ready(3);
    expect(ledger.when(set(3)).events).toMatchObject([{ type: 'RecreditThresholdSet' }, { type: 'RecreditThresholdReached', leftMilliCredits: 3_000 }]);
    expect(ledger.when(set(3)).events).toEqual([]);
    ledger.when(set(null));
    expect(ledger.when(sends([7, 8, 9])).events).toHaveLength(3);
  });

  it('counts the pool, not a quota', () => {
    const ledger = given(opened, annaOpened, bought(5), quotaGiven(3));
    ledger.when(set(1));
    expect(ledger.when(sends([7, 8, 9])).events).toHaveLength(3);
    expect(ledger.when(sends([10], { userId: null })).events).toMatchObject([{ type: 'CreditsHeld' }, { type: 'RecreditThresholdReached' }]);
  });
});
