import type { CreditEvent } from '@kwota/credit-ledger';
import type { StoredEvent } from '@kwota/event-store';
import { decodeEvent, encodeEvent } from './event-envelope.js';
import { genesisHash, hashOf } from './hash-chain.js';
import { aShopAndABank, anyHistory, bank, shop, WrittenHistory } from './audit-log.testing.js';
import { leafHashOf, placeOf } from './event-leaf.js';
import { MerkleTree } from './merkle-tree.js';
import { replayLedger } from './replay-ledger.js';
import { verifyHistory } from './verify-history.js';

async function* read(events: readonly StoredEvent[]) {
  yield* events;
}
/** As a store numbers them that somebody took events out of, or put events into. */
const renumbered = (events: readonly StoredEvent[]): StoredEvent[] => events.map((event, at) => ({ ...event, position: at + 1 }));
const rootOf = (events: readonly StoredEvent[], size = events.length): Uint8Array => {
  const tree = new MerkleTree();
  for (const event of events) tree.add(leafHashOf(placeOf(event)));
  return tree.root(size);
};
const history = aShopAndABank().stored;
const checkpointOf = (size: number) => ({ size, root: rootOf(history, size) });
const today = checkpointOf(history.length);
const findingsOf = async (events: readonly StoredEvent[], checkpoints = [today]) => (await verifyHistory(read(events), checkpoints)).findings;
const reasonsOf = async (...given: Parameters<typeof findingsOf>) => (await findingsOf(...given)).map(({ reason }) => reason);

const ofShop = history.filter(({ stream }) => stream === `credit-${shop}`);
const fifth = ofShop[5]!;
const at = (event: StoredEvent): number => history.indexOf(event);
const withData = (event: StoredEvent, from: string, to: string): StoredEvent => ({
  ...event,
  data: Buffer.from(Buffer.from(event.data).toString().replace(from, to)),
});
/** The whole chain made new over events that somebody changed: by itself without a fault. */
const rechained = (events: readonly StoredEvent[]): StoredEvent[] => {
  const heads = new Map<string, { hash: Uint8Array; revision: number }>();
  return renumbered(events).map((event) => {
    const head = heads.get(event.stream) ?? { hash: genesisHash, revision: -1 };
    const revision = head.revision + 1;
    const data = encodeEvent({ ...decodeEvent(event.data), revision });
    const hash = hashOf(head.hash, data);
    heads.set(event.stream, { hash, revision });
    return { ...event, data, hash, revision };
  });
};

describe('a history that nobody touched', () => {
  it('has no findings, and the balances of a replay', async () => {
    const verified = await verifyHistory(read(history), [checkpointOf(0), checkpointOf(7), today]);
    const replayed = await replayLedger({ readAll: () => read(history) });
    expect(verified).toMatchObject({ events: history.length, size: history.length, root: today.root, findings: [] });
    expect(replayed).toMatchObject({ ok: true, accounts: verified.accounts });
  });

  it.each([1, 2, 3, 4, 5])('has none whatever happened in it (seed %d)', async (seed) => {
    const { stored } = anyHistory(seed, 400);
    expect((await verifyHistory(read(stored), [{ size: stored.length, root: rootOf(stored) }])).findings).toEqual([]);
  });
});

describe('verify finds and names', () => {
  it('an edited event', async () => {
    const events = history.with(at(fifth), withData(fifth, '"revision":5', '"revision":5,"x":1'));
    expect(await findingsOf(events)).toEqual([{ reason: 'edited', stream: fifth.stream, revision: 5, position: fifth.position }]);
  });

  it('an edited event whose hash was made new: the chain breaks after it, and the tree no longer matches', async () => {
    const data = withData(fifth, '"time"', '"time" ').data;
    const events = history.with(at(fifth), { ...fifth, data, hash: hashOf(ofShop[4]!.hash, data) });
    expect(await findingsOf(events)).toMatchObject([{ reason: 'rewritten' }, { reason: 'edited', revision: 6 }]);
  });

  it('an edited hash alone, once', async () => {
    const events = history.with(at(fifth), { ...fifth, hash: Buffer.alloc(32) });
    expect(await findingsOf(events)).toMatchObject([{ reason: 'rewritten' }, { reason: 'edited', revision: 5 }]);
  });

  it('another type beside the bytes', async () =>
    expect(await findingsOf(history.with(at(fifth), { ...fifth, type: 'CreditsAdjusted' }))).toMatchObject([{ reason: 'edited', revision: 5 }]));

  it('two swapped, in their contents', async () => {
    const [one, other] = [ofShop[5]!, ofShop[6]!];
    const content = ({ data, hash, type }: StoredEvent) => ({ data, hash, type });
    const events = history.with(at(one), { ...one, ...content(other) }).with(at(other), { ...other, ...content(one) });
    expect(await findingsOf(events, [])).toEqual([{ reason: 'swapped', stream: one.stream, revision: 5, position: one.position, upTo: 6 }]);
    expect(await reasonsOf(events)).toContain('rewritten');
  });

  it('two swapped, in their order', async () => {
    const [one, other] = [ofShop[5]!, ofShop[6]!];
    const events = renumbered(history.with(at(one), other).with(at(other), one));
    expect(await findingsOf(events, [])).toMatchObject([{ reason: 'swapped', revision: 5, upTo: 6 }]);
    expect(await reasonsOf(events)).toContain('rewritten');
  });

  it('a dropped one', async () =>
    expect(await findingsOf(history.toSpliced(at(fifth), 1), [])).toEqual([
      { reason: 'position-gap', stream: null, revision: null, position: fifth.position, upTo: fifth.position },
      { reason: 'dropped', stream: fifth.stream, revision: 5, upTo: 5, position: ofShop[6]!.position },
    ]));

  it('a revision forged to any number, without counting up to it', async () =>
    expect(await findingsOf(history.with(at(ofShop.at(-1)!), { ...ofShop.at(-1)!, revision: Number.MAX_SAFE_INTEGER }), [])).toMatchObject([
      { reason: 'dropped', upTo: Number.MAX_SAFE_INTEGER - 1 },
    ]));

  it('one that is there twice', async () =>
    expect(await findingsOf(renumbered(history.toSpliced(at(ofShop[7]!), 0, fifth)), [])).toMatchObject([{ reason: 'doubled', revision: 5 }]));

  it('a dropped tail, against a checkpoint alone', async () => {
    const events = history.slice(0, -3);
    expect(await findingsOf(events, [])).toEqual([]);
    expect(await findingsOf(events)).toEqual([{ reason: 'tail-dropped', stream: null, revision: null, position: history.length - 2, upTo: history.length }]);
  });

  it('a renumbering after one was dropped', async () => {
    const events = renumbered(
      history
        .toSpliced(at(fifth), 1)
        .map((event) => (event.stream === fifth.stream && event.revision > 5 ? { ...event, revision: event.revision - 1 } : event)),
    );
    expect(await findingsOf(events, [])).toMatchObject([{ reason: 'renumbered', stream: fifth.stream, revision: 5, upTo: ofShop.length - 2 }]);
  });

  it('a stream under the name of another', async () => {
    const events = history.map((event) => (event.stream === fifth.stream ? { ...event, stream: 'credit-sms-other-1' } : event));
    expect(await findingsOf(events, [])).toMatchObject([{ reason: 'wrong-place', stream: 'credit-sms-other-1', revision: 0 }]);
  });

  it('a whole history chained anew, against an older checkpoint alone, and between which checkpoints', async () => {
    const gone = at(history.find(({ type }) => type === 'CreditsAdjusted')!);
    const events = rechained(history.toSpliced(gone, 1));
    expect(await findingsOf(events, [])).toEqual([]);
    const [before, after] = [checkpointOf(gone), checkpointOf(gone + 1)];
    expect(await findingsOf(events, [before, after])).toEqual([
      { reason: 'rewritten', stream: null, revision: null, position: before.size + 1, upTo: after.size },
    ]);
  });

  const refund = (messageId: number, amountMilliCredits: number): CreditEvent => ({
    type: 'CreditsRefunded',
    messageId,
    amountMilliCredits,
    userId: null,
    grantId: null,
    reason: 'withdrawn',
  });

  it.each([
    ['a refund without its charge', refund(555, 950), 'refund-without-charge'],
    ['a refund of more than was charged', refund(1, 951), 'refund-without-charge'],
    ['a second refund', refund(4, 950), 'refund-without-charge'],
    [
      'a charge without its hold',
      { type: 'CreditsCaptured', messageId: 555, amountMilliCredits: 1, billingPolicyVersion: 1, silent: false },
      'charge-without-hold',
    ],
    [
      'a charge of more than is held',
      { type: 'CreditsCaptured', messageId: 6, amountMilliCredits: 951, billingPolicyVersion: 1, silent: false },
      'charge-without-hold',
    ],
    ['sums that do not add up', { type: 'CreditsTransferredOut', transferId: 't-9', toAccount: bank, amountMilliCredits: 999_000 }, 'invariant-broken'],
    [
      'a quota below zero, hidden behind another',
      { type: 'QuotaChanged', userId: 'u-anna', grantId: 'g', fromMilliCredits: 30_001, toMilliCredits: 0 },
      'invariant-broken',
    ],
    ['an event of another version', { type: 'CreditsBurnt' } as unknown as CreditEvent, 'unknown-event'],
  ] as const)('%s', async (_, event, reason) => {
    const { stored } = aShopAndABank()
      .when(shop, { type: 'OpenUser', userId: 'u-bert' })
      .when(shop, { type: 'SetQuota', userId: 'u-bert', active: true, leftMilliCredits: 9_000 })
      .write(shop, event);
    expect(await findingsOf(stored, [])).toMatchObject([{ reason, stream: `credit-${shop}`, position: stored.length }]);
  });

  it('credit that came in and that no account sent', async () => {
    const { stored } = aShopAndABank().when(bank, { type: 'ReceiveTransfer', transferId: 't-77', fromAccount: shop, amountMilliCredits: 5 });
    expect(await findingsOf(stored, [])).toMatchObject([{ reason: 'transfer-without-origin', stream: `credit-${bank}` }]);
  });

  it('several at a time, in the order of their places, and adds up what is whole', async () => {
    const broken = history.with(at(fifth), withData(fifth, '"time"', '"time" ')).slice(0, -1);
    const { findings, accounts } = await verifyHistory(read(broken), [today]);
    expect(findings.map(({ reason }) => reason)).toEqual(['edited', 'tail-dropped']);
    expect(accounts.find(({ account }) => account === shop)?.revision).toBe(4);
    expect(accounts.find(({ account }) => account === bank)?.revision).toBe(history.filter(({ stream }) => stream === `credit-${bank}`).length - 1);
  });
});

it('an empty history matches the checkpoint of nothing', async () => expect(await findingsOf(new WrittenHistory().stored, [checkpointOf(0)])).toEqual([]));
