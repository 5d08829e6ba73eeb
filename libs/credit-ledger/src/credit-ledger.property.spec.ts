import fc from 'fast-check';
import { newCreditAccount } from './credit-account.js';
import type { CreditCommand } from './credit-commands.js';
import { anna, bert, LedgerUnderTest, noonMs, sends } from './credit-ledger.testing.js';
import { decide } from './decide.js';
import { evolve } from './evolve.js';
import { postingsOf } from './postings.js';
import { accountFrom, snapshotOf } from './snapshot.js';

const someone = fc.constantFrom(anna, bert, null);
const user = fc.constantFrom(anna, bert);
const fewIds = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 });
const amount = fc.integer({ min: 0, max: 12 }).map((credits) => credits * 500);
const dlr = fc.constantFrom(1, 2, 16);

const anyCommand: fc.Arbitrary<CreditCommand> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ ids: fewIds, userId: someone, parts: fc.integer({ min: 1, max: 3 }), key: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }) }).map(
    ({ ids, userId, parts, key }) => sends(ids, { userId, parts, clientKey: key === undefined ? undefined : { keyDigest: key, bodyDigest: `${ids.join()}` } }),
  ) },
  { weight: 5, arbitrary: fc.record({ messageId: fc.integer({ min: 1, max: 30 }), dlrs: fc.array(dlr, { minLength: 1, maxLength: 3 }), silent: fc.boolean(), submitted: fc.boolean() }).map(
    ({ messageId, dlrs, silent, submitted }): CreditCommand => ({ type: 'SettleCharge', messageId, parts: dlrs.map((code) => ({ dlr: code, ptt: 5 })), silent, submitted }),
  ) },
  { weight: 2, arbitrary: fewIds.map((messageIds): CreditCommand => ({ type: 'WithdrawMessages', messageIds })) },
  { weight: 2, arbitrary: fc.record({ reference: fc.constantFrom('r1', 'r2', 'r3', 'r4'), amountMilliCredits: amount }).map((purchase): CreditCommand => ({ type: 'PurchaseCredits', ...purchase })) },
  fc.record({ reference: fc.constantFrom('a1', 'a2'), amountMilliCredits: fc.integer({ min: -3_000, max: 3_000 }) }).map(
    (adjustment): CreditCommand => ({ type: 'AdjustCredits', reasonCode: 'goodwill', by: 'operator-1', ...adjustment }),
  ),
  { weight: 3, arbitrary: fc.record({ userId: user, active: fc.boolean(), leftMilliCredits: amount }).map((quota): CreditCommand => ({ type: 'SetQuota', ...quota })) },
  { weight: 2, arbitrary: fc.record({ userId: someone, levelMilliCredits: fc.option(amount) }).map((threshold): CreditCommand => ({ type: 'SetThreshold', ...threshold })) },
  fc.option(amount).map((levelMilliCredits): CreditCommand => ({ type: 'SetRecreditThreshold', levelMilliCredits })),
  { weight: 2, arbitrary: user.map((userId): CreditCommand => ({ type: 'OpenUser', userId })) },
  user.map((userId): CreditCommand => ({ type: 'CloseUser', userId })),
  fc.record({ transferId: fc.constantFrom('t1', 't2'), amountMilliCredits: amount }).map((transfer): CreditCommand => ({ type: 'TransferCredits', toAccount: 'sms-other-1', ...transfer })),
  fc.record({ transferId: fc.constantFrom('t3', 't4'), amountMilliCredits: amount }).map((transfer): CreditCommand => ({ type: 'ReceiveTransfer', fromAccount: 'sms-other-1', ...transfer })),
  fc.constantFrom('t1', 't2').map((transferId): CreditCommand => ({ type: 'ReturnTransfer', transferId })),
  fc.constantFrom<CreditCommand>({ type: 'FreezeAccount' }, { type: 'ThawAccount' }, { type: 'Tick', untilMs: noonMs + 1e10, limit: 2 }),
);

const play = (commands: readonly CreditCommand[]): LedgerUnderTest => {
  const ledger = new LedgerUnderTest();
  ledger.when({ type: 'OpenAccount' });
  ledger.when({ type: 'OpenUser', userId: anna });
  ledger.when({ type: 'PurchaseCredits', reference: 'first', amountMilliCredits: 10_000 });
  for (const command of commands) ledger.when(command);
  return ledger;
};
const commands = fc.array(anyCommand, { maxLength: 60 });

describe('whatever commands come, in whatever order', () => {
  it('pool + quotas + holds + consumed + out = purchased + in + adjustments and nothing is below zero, after every event', () => {
    // LedgerUnderTest asserts both after each event.
    fc.assert(fc.property(commands, (some) => void play(some)), { numRuns: 300 });
  });

  it('no command decided a second time has an effect: no money moves, nothing new is held', () => {
    fc.assert(
      fc.property(commands, (some) => {
        const ledger = new LedgerUnderTest();
        for (const [index, command] of [{ type: 'OpenAccount' } as CreditCommand, ...some].entries()) {
          ledger.when(command, `c-${index}`);
          // A tick goes on with what is still due, and a settling of what is unknown is refused each time.
          if (command.type === 'Tick') continue;
          const again = decide(command, ledger.account, { timeMs: noonMs, commandId: `c-${index}` });
          expect(again.events.filter(({ type }) => type !== 'CommandRefused')).toEqual([]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('folding the events again gives the running state', () => {
    fc.assert(
      fc.property(commands, (some) => {
        const ledger = play(some);
        const again = newCreditAccount(ledger.account.account);
        for (const [event, context] of ledger.recorded) evolve(again, JSON.parse(JSON.stringify(event)), context);
        expect(comparable(again)).toEqual(comparable(ledger.account));
      }),
      { numRuns: 200 },
    );
  });

  it('a snapshot and the events after it give what all events give', () => {
    fc.assert(
      fc.property(commands, fc.nat(), (some, cut) => {
        const ledger = play(some);
        const at = cut % (ledger.recorded.length + 1);
        const { account } = ledger.account;
        const early = newCreditAccount(account);
        for (const [event, context] of ledger.recorded.slice(0, at)) evolve(early, event, context);
        const again = accountFrom(account, JSON.parse(JSON.stringify(snapshotOf(early))));
        for (const [event, context] of ledger.recorded.slice(at)) evolve(again, event, context);
        expect(comparable(again)).toEqual(comparable(ledger.account));
      }),
      { numRuns: 200 },
    );
  });

  it('every event\'s postings sum to zero, and all of them to the balances', () => {
    fc.assert(
      fc.property(commands, (some) => {
        const ledger = play(some);
        const balances: Record<string, number> = {};
        for (const event of ledger.history) {
          const postings = postingsOf(event);
          expect(postings.reduce((sum, { amountMilliCredits }) => sum + amountMilliCredits, 0)).toBe(0);
          for (const { account, amountMilliCredits } of postings) balances[account] = (balances[account] ?? 0) + amountMilliCredits;
        }
        const { account } = ledger;
        expect(balances['pool'] ?? 0).toBe(account.poolMilliCredits);
        expect(balances['holds'] ?? 0).toBe(account.heldMilliCredits);
        expect(balances['consumed'] ?? 0).toBe(account.consumedMilliCredits);
        expect(0 - (balances['purchased'] ?? 0)).toBe(account.purchasedMilliCredits);
        expect(0 - (balances['adjustments'] ?? 0)).toBe(account.adjustedMilliCredits);
        expect(balances['transfers'] ?? 0).toBe(account.transferredOutMilliCredits - account.transferredInMilliCredits);
        for (const [userId, { grant }] of account.users) expect(balances[`quota:${userId}`] ?? 0).toBe(grant?.leftMilliCredits ?? 0);
      }),
      { numRuns: 200 },
    );
  });

  it('a message is charged at most once, and gets back at most what it was charged', () => {
    fc.assert(
      fc.property(commands, (some) => {
        const ledger = play(some);
        const held = new Map<number, number>();
        const charged = new Map<number, number>();
        for (const event of ledger.history) {
          if (event.type === 'CreditsHeld') {
            expect(held.has(event.messageId)).toBe(false);
            held.set(event.messageId, event.amountMilliCredits);
          }
          const sign = { CreditsCaptured: 1, CaptureCorrected: 1, CreditsRefunded: -1 }[event.type as 'CreditsCaptured'] ?? 0;
          if (sign === 0 || !('messageId' in event)) continue;
          const now = (charged.get(event.messageId) ?? 0) + sign * event.amountMilliCredits;
          expect(now).toBeGreaterThanOrEqual(0);
          expect(now).toBeLessThanOrEqual(held.get(event.messageId) ?? 0);
          charged.set(event.messageId, now);
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** The alarm is derived, and counted when it is needed. */
const comparable = (account: LedgerUnderTest['account']) => ({ ...account, poolAlarmMilliCredits: undefined });
