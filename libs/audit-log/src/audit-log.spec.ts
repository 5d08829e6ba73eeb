import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decodeEvent, encodeEvent, genesisHash, hashOf, NotAnEvent, streamOfAccount, verifyChain, type EventEnvelope } from './audit-log.js';
import type { StoredEvent } from '@kwota/event-store';

const purchased: EventEnvelope = {
  v: 1,
  account: 'sms-ab12-1',
  revision: 0,
  time: '2030-01-01T08:00:00.000Z',
  type: 'CreditsPurchased',
  data: { reference: 'order-1', amountMilliCredits: 100_000 },
  commandId: 'purchase-1',
  correlationId: 'request-1',
  source: { topic: 'kwota.requests.ledger.v1', partition: 3, offset: 17 },
};

/** A stream as a ledger writes it: three purchases, a minute apart. */
const chain = (account = purchased.account): StoredEvent[] => {
  let hash = genesisHash;
  return [0, 1, 2].map((revision) => {
    const data = encodeEvent({ ...purchased, account, revision, time: `2030-01-01T08:0${revision}:00.000Z` });
    hash = hashOf(hash, data);
    return { stream: streamOfAccount(account), revision, position: revision + 1, id: `${account}/${revision}`, type: purchased.type, data, hash };
  });
};
async function* stored(events: readonly StoredEvent[]) {
  yield* events;
}
const faultOf = async (events: readonly StoredEvent[]) => {
  const verdict = await verifyChain(stored(events));
  return verdict.ok ? undefined : verdict.fault;
};
const edited = (events: readonly StoredEvent[], index: number, edit: (event: StoredEvent) => Partial<StoredEvent>): StoredEvent[] =>
  events.map((event, at) => (at === index ? { ...event, ...edit(event) } : event));

describe('event bytes', () => {
  it('are one JSON text with the keys in a fixed order', () => {
    const shuffled = Object.fromEntries(Object.entries(purchased).reverse()) as EventEnvelope;
    const text =
      '{"v":1,"account":"sms-ab12-1","revision":0,"time":"2030-01-01T08:00:00.000Z","type":"CreditsPurchased",' +
      '"data":{"reference":"order-1","amountMilliCredits":100000},"commandId":"purchase-1","correlationId":"request-1",' +
      '"source":{"topic":"kwota.requests.ledger.v1","partition":3,"offset":17}}';
    expect(Buffer.from(encodeEvent(shuffled)).toString()).toBe(text);
  });

  it('decode to what was encoded, with and without a source', () => {
    const ticked: EventEnvelope = { ...purchased, type: 'Ticked', data: { untilMs: 1 }, source: null };
    expect([decodeEvent(encodeEvent(purchased)), decodeEvent(encodeEvent(ticked))]).toEqual([purchased, ticked]);
  });

  it.each([
    ['not JSON', Buffer.from('Maria +48600000000')],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['another version', Buffer.from(JSON.stringify({ ...purchased, v: 2 }))],
    ['a key is missing', Buffer.from(JSON.stringify({ ...purchased, commandId: undefined }))],
    ['a list as data', Buffer.from(JSON.stringify({ ...purchased, data: [] }))],
  ])('of no known form are refused, and the refusal does not repeat them: %s', (_, bytes) => {
    expect(() => decodeEvent(bytes)).toThrow(NotAnEvent);
    expect(() => decodeEvent(bytes)).toThrow(/^not (JSON in UTF-8|an event of format 1)$/);
  });
});

describe('hash', () => {
  it('is SHA-256 over the hash before, then the bytes', () => {
    const data = encodeEvent(purchased);
    const first = createHash('sha256').update(Buffer.alloc(32)).update(data).digest();
    const second = createHash('sha256').update(first).update(data).digest();
    expect(Buffer.from(hashOf(genesisHash, data))).toEqual(first);
    expect(Buffer.from(hashOf(first, data))).toEqual(second);
  });

  it('of an event larger than any before is the same', () => {
    const data = Buffer.alloc(1_000_000, 'x');
    expect(Buffer.from(hashOf(genesisHash, data))).toEqual(createHash('sha256').update(genesisHash).update(data).digest());
  });

  it('is chained to 32 bytes only', () => expect(() => hashOf(new Uint8Array(31), new Uint8Array(1))).toThrow(RangeError));
});

describe('chain', () => {
  it('of the example in docs/audit-format.md is right, and its bytes are as encoded', async () => {
    const text = readFileSync(new URL('../../../docs/audit-format.md', import.meta.url), 'utf8');
    const lines = Array.from(text.matchAll(/^(\{"v":1,.*\})\n([0-9a-f]{64})$/gm), ([, bytes, hash]) => [Buffer.from(bytes!), Buffer.from(hash!, 'hex')] as const);
    const events = lines.map(([data, hash], index): StoredEvent => {
      const { account, revision, type } = decodeEvent(data);
      return { stream: streamOfAccount(account), revision, position: index + 1, id: `${account}/${revision}`, type, data, hash };
    });
    expect(await verifyChain(stored(events))).toMatchObject({ ok: true, events: 2 });
    for (const { data } of events) expect(Buffer.from(encodeEvent(decodeEvent(data)))).toEqual(data);
  });

  it('of untouched streams is right, however they lie among each other', async () => {
    const [a, b] = [chain('a'), chain('b')];
    const verdict = await verifyChain(stored(a.flatMap((event, index) => [event, b[index]!])));
    expect(verdict).toEqual({ ok: true, events: 6, heads: [a, b].map((events) => ({ stream: events[2]!.stream, revision: 2, hash: events[2]!.hash })) });
  });

  it('an edited byte shows at its event', async () => {
    const more = (event: StoredEvent) => ({ data: Buffer.from(Buffer.from(event.data).toString().replace('100000', '900000')) });
    expect(await faultOf(edited(chain(), 1, more))).toEqual({ stream: 'credit-sms-ab12-1', revision: 1, position: 2, reason: 'hash-mismatch' });
  });

  it('an edited event with its hash made new shows at the next', async () => {
    const events = chain();
    const data = encodeEvent({ ...purchased, revision: 1, data: { reference: 'order-1', amountMilliCredits: 900_000 } });
    const forged = edited(events, 1, () => ({ data, hash: hashOf(events[0]!.hash, data) }));
    expect(await faultOf(forged)).toMatchObject({ revision: 2, reason: 'hash-mismatch' });
  });

  it('a dropped event shows', async () => expect(await faultOf(chain().toSpliced(1, 1))).toMatchObject({ revision: 2, reason: 'revision-gap' }));

  it('a stream without its beginning shows', async () => expect(await faultOf(chain().slice(1))).toMatchObject({ revision: 1, reason: 'revision-gap' }));

  it('an event dropped and the rest renumbered shows', async () => {
    const [first, , last] = chain() as [StoredEvent, StoredEvent, StoredEvent];
    expect(await faultOf([first, { ...last, revision: 1 }])).toMatchObject({ revision: 1, reason: 'hash-mismatch' });
  });

  it('two events that changed places show', async () => {
    const [first, second, third] = chain() as [StoredEvent, StoredEvent, StoredEvent];
    expect(await faultOf([first, third, second])).toMatchObject({ revision: 2, reason: 'revision-gap' });
  });

  it('a whole stream under the name of another shows', async () => {
    const renamed = chain('a').map((event) => ({ ...event, stream: streamOfAccount('b') }));
    expect(await faultOf(renamed)).toMatchObject({ stream: 'credit-b', revision: 0, reason: 'wrong-place' });
  });

  it('a type that says other than the bytes shows', async () =>
    expect(await faultOf(edited(chain(), 2, () => ({ type: 'CreditsAdjusted' })))).toMatchObject({ revision: 2, reason: 'wrong-place' }));

  it('bytes that no ledger wrote show, though chained', async () => {
    const data = Buffer.from('{}');
    expect(await faultOf(edited(chain(), 0, () => ({ data, hash: hashOf(genesisHash, data) })))).toMatchObject({ revision: 0, reason: 'not-an-event' });
  });

  it('time that goes back shows', async () => {
    const events = chain().slice(0, 1);
    const data = encodeEvent({ ...purchased, revision: 1, time: '2030-01-01T07:59:59.999Z' });
    const back = { ...events[0]!, revision: 1, data, hash: hashOf(events[0]!.hash, data) };
    expect(await faultOf([...events, back])).toMatchObject({ revision: 1, reason: 'time-back' });
  });
});
