import type { CreditEvent } from '@kwota/credit-ledger';
import type { StoredEvent } from '@kwota/event-store';
import { encodeEvent, genesisHash, hashOf, streamOfAccount } from './audit-log.js';
import { replayLedger } from './replay-ledger.js';

const noonMs = Date.UTC(2030, 0, 1, 12);
const minuteMs = 60_000;

/** Events a minute apart, as a ledger writes them. */
const storeOf = (events: readonly (readonly [string, CreditEvent])[]): { readAll: () => AsyncIterable<StoredEvent>; stored: StoredEvent[] } => {
  const heads = new Map<string, { revision: number; hash: Uint8Array }>();
  const stored = events.map(([account, { type, ...data }], index): StoredEvent => {
    const head = heads.get(account) ?? { revision: -1, hash: genesisHash };
    const revision = head.revision + 1;
    const time = new Date(noonMs + index * minuteMs).toISOString();
    const bytes = encodeEvent({ v: 1, account, revision, time, type, data, commandId: `c-${index}`, correlationId: `c-${index}`, source: null });
    const hash = hashOf(head.hash, bytes);
    heads.set(account, { revision, hash });
    return { stream: streamOfAccount(account), revision, position: index + 1, id: `${account}/${revision}`, type, data: bytes, hash };
  });
  async function* readAll() {
    yield* stored;
  }
  return { readAll, stored };
};

const history: readonly (readonly [string, CreditEvent])[] = [
  ['a', { type: 'AccountOpened' }],
  ['b', { type: 'AccountOpened' }],
  ['a', { type: 'CreditsPurchased', reference: 'p1', amountMilliCredits: 5_000 }],
  ['a', { type: 'UserOpened', userId: 'u-anna' }],
  ['a', { type: 'QuotaAllocated', userId: 'u-anna', grantId: 'g1', amountMilliCredits: 2_000 }],
  ['b', { type: 'CreditsPurchased', reference: 'p1', amountMilliCredits: 1_000 }],
];

describe('replay', () => {
  it('adds a store up to its balances', async () => {
    expect(await replayLedger(storeOf(history))).toMatchObject({
      ok: true,
      events: 6,
      position: 6,
      accounts: [
        { account: 'a', revision: 3, poolMilliCredits: 3_000, quotasMilliCredits: 2_000, users: [{ userId: 'u-anna', quotaActive: true, leftMilliCredits: 2_000 }] },
        { account: 'b', revision: 1, poolMilliCredits: 1_000 },
      ],
    });
  });

  it('as it was at a position, that one with it', async () =>
    expect(await replayLedger(storeOf(history), { position: 3 })).toMatchObject({ events: 3, accounts: [{ poolMilliCredits: 5_000 }, { poolMilliCredits: 0 }] }));

  it('as it was at an instant, that one with it', async () => {
    const until = { timeMs: noonMs + 2 * minuteMs };
    expect(await replayLedger(storeOf(history), until)).toMatchObject({ events: 3, accounts: [{ poolMilliCredits: 5_000 }, { poolMilliCredits: 0 }] });
  });

  it('tells the first event that was changed', async () => {
    const { stored } = storeOf(history);
    const changed = { ...stored[2]!, data: Buffer.from(Buffer.from(stored[2]!.data).toString().replace('5000', '9000')) };
    async function* readAll() {
      yield* stored.toSpliced(2, 1, changed);
    }
    expect(await replayLedger({ readAll })).toEqual({ ok: false, events: 2, fault: { stream: 'credit-a', revision: 1, position: 3, reason: 'hash-mismatch' } });
  });

  it('up to a position is right whatever was changed after it', async () => {
    const { stored } = storeOf(history);
    async function* readAll() {
      yield* stored.toSpliced(3, 1, { ...stored[3]!, data: Buffer.from('{}') });
    }
    expect(await replayLedger({ readAll }, { position: 3 })).toMatchObject({ ok: true, events: 3 });
    expect(await replayLedger({ readAll })).toMatchObject({ ok: false, events: 3 });
  });

  it('tells events that are rightly chained but do not add up', async () => {
    const tooMuch: readonly [string, CreditEvent] = ['a', { type: 'CreditsTransferredOut', transferId: 't1', toAccount: 'b', amountMilliCredits: 9_000 }];
    expect(await replayLedger(storeOf([...history, tooMuch]))).toMatchObject({ ok: false, fault: { stream: 'credit-a', revision: 4, reason: 'invariant-broken' } });
  });

  it('tells an event that it does not know', async () => {
    const unknown = ['a', { type: 'CreditsBurnt' }] as unknown as readonly [string, CreditEvent];
    expect(await replayLedger(storeOf([...history, unknown]))).toMatchObject({ ok: false, fault: { revision: 4, reason: 'unknown-event' } });
  });
});
