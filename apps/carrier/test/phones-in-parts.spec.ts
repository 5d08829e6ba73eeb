import { ServiceDatabase } from '@kwota/service-kit/database';
import { forRows, run } from '@kwota/service-kit/sql';
import type { SmscSimulator } from '@kwota/smsc-simulator';
import { join } from 'node:path';
import type { PduFields } from 'smpp';
import { GiveUpPartsWorker } from '../src/join-incoming/give-up-parts.worker.js';
import { repeatsKnownMs, waitForPartsMs, waitingMessagesMax } from '../src/join-incoming/join-incoming.handler.js';
import { closeAll, collectFromPhones, simulate, startCarrier, temporaryFolder, until } from './carrier-under-test.js';

afterEach(closeAll);

const phone = { from: '33600000004', to: '36184' };
const ucs2 = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
type Part = Readonly<{ reference: number; number: number; of: number; content: Buffer }>;
const withHeader = (header: readonly number[], content: Buffer): PduFields => ({ esm_class: 0x40, short_message: Buffer.from([header.length, ...header, ...content]) });
const in8Bits = ({ reference, number, of, content }: Part): PduFields => withHeader([0, 3, reference, of, number], content);
const in16Bits = ({ reference, number, of, content }: Part): PduFields => withHeader([8, 4, reference >> 8, reference & 0xff, of, number], content);
const asSegments = ({ reference, number, of, content }: Part): PduFields => ({ short_message: content, sar_msg_ref_num: reference, sar_total_segments: of, sar_segment_seqnum: number });
const inPayload = (part: Part): PduFields => ({ esm_class: 0x40, short_message: Buffer.alloc(0), message_payload: in8Bits(part).short_message as Buffer });

const sender =
  (smsc: SmscSimulator) =>
  (text: string, part: Omit<Part, 'content'>, { as = in8Bits, ...message } = {} as { as?: (part: Part) => PduFields; from?: string; to?: string }): void =>
    smsc.fromPhone({ ...phone, ...message, text, fields: as({ ...part, content: ucs2(text) }) });

const start = async (database = '', smsc?: SmscSimulator) => {
  const simulator = smsc ?? (await simulate());
  const carrier = await startCarrier(simulator.url, {}, database);
  const received = await collectFromPhones(carrier.messaging);
  const texts = () => received.map(({ text }) => text);
  /** Everything that the phones wrote is taken: what follows it is, too. */
  const allTaken = async (): Promise<void> => {
    const mark = `mark ${Math.random()}`;
    simulator.fromPhone({ from: '33699999999', to: '36184', text: mark });
    await until(() => texts().includes(mark));
    received.splice(texts().indexOf(mark), 1);
  };
  return { smsc: simulator, carrier, received, texts, allTaken, write: sender(simulator), worker: carrier.app.get(GiveUpPartsWorker), database: carrier.app.get(ServiceDatabase) };
};

describe('a message in several parts', () => {
  it.each([
    ['an 8-bit reference', in8Bits],
    ['a 16-bit reference', in16Bits],
    ['TLVs', asSegments],
    ['a header in message_payload', inPayload],
  ])('by %s is one, whatever order its parts come in and however often', async (_, as) => {
    const { write, received, texts, allTaken } = await start();
    for (const number of [3, 1, 1]) write(`part ${number} `, { reference: 200, number, of: 3 }, { as });
    await allTaken();
    expect(texts()).toEqual([]);
    write('part 2 ', { reference: 200, number: 2, of: 3 }, { as });
    write('part 2 ', { reference: 200, number: 2, of: 3 }, { as });
    await allTaken();
    expect(received).toEqual([
      { kind: 'received', incomingId: expect.any(String), account: null, userId: null, messageId: null, phone: '+33600000004', to: '36184', text: 'part 1 part 2 part 3 ', connector: 'default', receivedAtMs: expect.any(Number) },
    ]);
  });

  it('may have each in another coding, and a character cut between two', async () => {
    const { smsc, texts } = await start();
    const [before = '', behind = ''] = ['a😀'.slice(0, 2), '😀b'.slice(1)];
    const parts: PduFields[] = [
      { ...in8Bits({ reference: 7, number: 1, of: 3, content: Buffer.from('Hello ') }), data_coding: 0 },
      in8Bits({ reference: 7, number: 2, of: 3, content: ucs2(`żółw ${before}`) }),
      in8Bits({ reference: 7, number: 3, of: 3, content: ucs2(behind) }),
    ];
    for (const fields of parts) smsc.fromPhone({ ...phone, text: '', fields });
    await until(() => texts().length === 1);
    expect(texts()).toEqual(['Hello żółw a😀b']);
  });

  it('is not mixed with one of another phone, to another number, under another reference, or of another count', async () => {
    const { write, texts } = await start();
    const messages = [{ name: 'a' }, { name: 'b', from: '33600000005' }, { name: 'c', to: '36185' }, { name: 'd', reference: 8 }, { name: 'e', of: 3 }, { name: 'f', as: in16Bits }];
    for (const number of [1, 2, 3])
      for (const { name, reference = 7, of = 2, ...message } of messages) if (number <= of) write(`${name}${number}`, { reference, number, of }, message);
    await until(() => texts().length === messages.length);
    expect(new Set(texts())).toEqual(new Set(['a1a2', 'b1b2', 'c1c2', 'd1d2', 'e1e2e3', 'f1f2']));
  });

  it('is whole after a restart in between', async () => {
    const database = join(temporaryFolder(), 'carrier.db');
    const before = await start(database);
    before.write('one ', { reference: 7, number: 1, of: 2 });
    await before.allTaken();
    await before.carrier.close();
    const after = await start(database, before.smsc);
    after.write('two', { reference: 7, number: 2, of: 2 });
    await until(() => after.texts().length === 1);
    expect(after.texts()).toEqual(['one two']);
  });

  it('leaves no text behind once it went on, and nothing at all after a while', async () => {
    const { write, texts, worker, database } = await start();
    for (const number of [1, 2]) write(`part ${number} `, { reference: 7, number, of: 2 });
    await until(() => texts().length === 1);
    const rows = () => database.read((manager) => run<{ text: string }>(manager, 'SELECT text FROM incoming_part'));
    expect(await rows()).toEqual([{ text: '""' }, { text: '""' }]);
    await worker.look(Date.now() + repeatsKnownMs);
    expect(await rows()).toEqual([]);
    expect(texts()).toHaveLength(1);
  });
});

describe('a message whose parts do not all come', () => {
  it('goes on after half an hour as it is, with a mark for what lacks; a part later than that is one of its own', async () => {
    const { write, received, texts, allTaken, worker } = await start();
    write('one ', { reference: 7, number: 1, of: 3 });
    write('three', { reference: 7, number: 3, of: 3 });
    await allTaken();
    const nowMs = Date.now();
    await worker.look(nowMs + waitForPartsMs - 60_000);
    expect(texts()).toEqual([]);
    await worker.look(nowMs + waitForPartsMs);
    await until(() => texts().length === 1);
    expect(received[0]).toMatchObject({ text: 'one […]three', partsMissing: 1 });
    write('two ', { reference: 7, number: 2, of: 3 });
    await allTaken();
    await worker.look(Date.now() + waitForPartsMs);
    await until(() => texts().length === 2);
    expect(received[1]).toMatchObject({ text: '[…]two […]', partsMissing: 2 });
    expect(received[1]?.incomingId).not.toBe(received[0]?.incomingId);
  });

  it('goes on at once when its phone uses the reference again', async () => {
    const { write, received, texts } = await start();
    write('lost ', { reference: 7, number: 1, of: 2 });
    write('new ', { reference: 7, number: 1, of: 2 });
    await until(() => texts().length === 1);
    expect(received[0]).toMatchObject({ text: 'lost […]', partsMissing: 1 });
    write('message', { reference: 7, number: 2, of: 2 });
    await until(() => texts().length === 2);
    expect(received[1]).not.toHaveProperty('partsMissing');
    expect(texts()[1]).toBe('new message');
  });

  it('goes on as the oldest of them when too many wait', async () => {
    const { write, texts, allTaken, database } = await start();
    const phones = Array.from({ length: waitingMessagesMax - 1 }, (_, index) => `+336${10_000_000 + index}`);
    const nowMs = Date.now();
    await database.transaction((manager) =>
      forRows(
        manager,
        phones.map((number, index) => [`id-${index}`, number, '36184', '8:1', 2, 'default', nowMs - phones.length + index]),
        (values) => `INSERT INTO incoming_joined ("incomingId", phone, "sentTo", reference, parts, connector, "firstAtMs") VALUES ${values}`,
      ),
    );
    write('as many as may', { reference: 7, number: 1, of: 2 });
    await allTaken();
    expect(texts()).toEqual([]);
    write('one more', { reference: 8, number: 1, of: 2 });
    await until(() => texts().length === 1);
    expect(texts()).toEqual(['[…]']);
  });
});

describe('a message in one part', () => {
  it.each([
    ['that says so', in8Bits({ reference: 7, number: 1, of: 1, content: ucs2('STOP') })],
    ['with a header that makes no sense', in8Bits({ reference: 7, number: 3, of: 2, content: ucs2('STOP') })],
    ['in message_payload', { short_message: Buffer.alloc(0), message_payload: ucs2('STOP') }],
    ['in message_payload and 7 bits', { short_message: Buffer.alloc(0), message_payload: Buffer.from('STOP'), data_coding: 0 }],
  ])('%s goes on at once', async (_, fields) => {
    const { smsc, texts } = await start();
    smsc.fromPhone({ ...phone, text: '', fields });
    await until(() => texts().length === 1);
    expect(texts()).toEqual(['STOP']);
  });

  it('in message_payload may be as long as six', async () => {
    const { smsc, texts } = await start();
    const text = 'zażółć '.repeat(60);
    smsc.fromPhone({ ...phone, text: '', fields: { short_message: Buffer.alloc(0), message_payload: ucs2(text) } });
    await until(() => texts().length === 1);
    expect(texts()).toEqual([text]);
  });
});
