import { jest } from '@jest/globals';
import { setCallbacks } from '@kwota/contracts/dlr.requests.v1';
import { deleteIncomingMessage, exportIncomingMessages, findIncomingMessage, findIncomingMessages, findStops, removeStop, setSmsResponse } from '@kwota/contracts/phones.requests.v1';
import { incoming, type MessageFromPhone } from '@kwota/contracts/incoming.v1';
import { stops } from '@kwota/contracts/stops.v1';
import { submissions, type Submission } from '@kwota/contracts/submissions.v1';
import { leaseMessageIds } from '@kwota/contracts/users.requests.v1';
import { replyTo } from '@kwota/messaging/requests';
import { IncomingCallsRepository } from '../src/answer-incoming/incoming-calls.repository.js';
import { CleanHistoryWorker } from '../src/clean-history/clean-history.worker.js';
import { account, closeAll, messagesOf, startDlr, startEndpoint, until, userId } from './dlr-under-test.js';

afterEach(closeAll);

const phone = '+33600000004';
const messageId = 65_537;
type Dlr = Awaited<ReturnType<typeof startDlr>>;

let written = 0;
const write = (dlr: Dlr, text: string, fields: Partial<MessageFromPhone> = {}): Promise<void> => {
  const incomingId = `from-phone-${(written += 1)}`;
  const message = { kind: 'received', incomingId, account: null, userId: null, messageId: null, phone, to: '36184', text, connector: 'default', receivedAtMs: Date.now(), ...fields } as const;
  return dlr.messaging.publish([incoming.message(message, { id: message.incomingId, source: 'kwota/carrier' })]);
};
/** One message to the phone is on record. */
const started = async (): Promise<Dlr> => {
  const dlr = await startDlr();
  await dlr.accept(messagesOf([messageId], { acceptedAtMs: Date.now(), tag: 'parcels' }));
  await dlr.messaging.drain();
  return dlr;
};
const idsOf = async (dlr: Dlr): Promise<number[]> => (await dlr.ask(findIncomingMessages, { account })).ids;
const arrived = async (dlr: Dlr, count: number): Promise<void> => until(async () => (await idsOf(dlr)).length === count);

/** users and the ledger, as far as an answer needs them; what is submitted. */
const payForAnswers = async (dlr: Dlr): Promise<readonly Submission[]> => {
  const sent: Submission[] = [];
  await dlr.messaging.subscribe({
    topic: leaseMessageIds.topic,
    group: 'users',
    kind: 'shared',
    handle: async (batch) => {
      for (const one of batch) {
        const { value, headers } = leaseMessageIds.reply({ outcome: 'done', first: 131_072, count: 65_536 }, { id: 'lease', source: 'kwota/users' });
        await dlr.messaging.publish([replyTo(one, value, headers)].filter((reply) => reply !== undefined));
      }
    },
  });
  await dlr.messaging.subscribe({
    topic: submissions.topic,
    group: 'ledger',
    kind: 'shared',
    handle: async (batch) => {
      for (const one of batch) {
        const read = submissions.read(one.value ?? '', undefined);
        if ('message' in read) sent.push(read.message);
        const reply = { outcome: 'accepted', messageIds: [131_072], takenMilliCredits: 1_000, leftMilliCredits: 0 };
        await dlr.messaging.publish([replyTo(one, JSON.stringify(reply), {})].filter((message) => message !== undefined));
      }
    },
  });
  return sent;
};

describe('an answer from a phone', () => {
  it("is the account's and the user's whose message it answers, with that message's tag; it may be deleted", async () => {
    const dlr = await started();
    await write(dlr, 'Yes please');
    await arrived(dlr, 1);
    const [id = 0] = await idsOf(dlr);
    const found = await dlr.ask(findIncomingMessage, { account, userId, id });
    expect(found).toMatchObject({ message: { id, userId, sender: phone, text: 'Yes please', tag: 'parcels' } });
    expect((await dlr.ask(findIncomingMessages, { account, tag: 'other' })).ids).toEqual([]);
    expect(await dlr.ask(findIncomingMessage, { account: 'sms-other', id })).toMatchObject({ outcome: 'refused' });
    expect(await dlr.ask(deleteIncomingMessage, { account, id })).toEqual({ outcome: 'done' });
    expect(await idsOf(dlr)).toEqual([]);
  });

  it('is exported a page at a time, by the same filters', async () => {
    const dlr = await started();
    for (const text of ['one', 'two', 'three']) await write(dlr, text);
    await arrived(dlr, 3);
    const page = async (fields: object) => (await dlr.ask(exportIncomingMessages, { account, afterId: 0, limit: 2, ...fields })).messages;
    const first = await page({ userId, sender: phone, tag: 'parcels' });
    expect(first).toMatchObject([{ userId, sender: phone, text: 'one', tag: 'parcels' }, { text: 'two' }]);
    expect((await page({ afterId: first.at(-1)?.id })).map(({ text }) => text)).toEqual(['three']);
    expect(await page({ tag: 'other' })).toEqual([]);
    expect(await page({ toMs: 1 })).toEqual([]);
    expect(await page({ account: 'sms-other' })).toEqual([]);
  });

  it('that comes twice is there once', async () => {
    const dlr = await started();
    await write(dlr, 'Yes', { incomingId: 'the-same' });
    await write(dlr, 'Yes', { incomingId: 'the-same' });
    await write(dlr, 'Behind it');
    await until(async () => (await idsOf(dlr)).length >= 2);
    await dlr.messaging.drain();
    expect(await idsOf(dlr)).toHaveLength(2);
  });

  it('of which nobody knows what it answers, or that comes after 48 hours, is no account’s', async () => {
    const dlr = await started();
    await write(dlr, 'Who is this?', { phone: '+33600000099' });
    await write(dlr, 'Late', { receivedAtMs: Date.now() + 49 * 3_600_000 });
    await write(dlr, 'In time');
    await arrived(dlr, 1);
    await dlr.messaging.drain();
    expect(await idsOf(dlr)).toHaveLength(1);
  });

  it('is handed to cgiUrl with the six parameters, again until it is taken', async () => {
    const endpoint = await startEndpoint((_, response, index) => void response.writeHead(index === 0 ? 500 : 200).end());
    const dlr = await started();
    expect(await dlr.ask(setSmsResponse, { account, responseType: 'cgi', cgiUrl: `${endpoint.url}?own=1` })).toEqual({ outcome: 'done' });
    await write(dlr, 'Zażółć');
    await until(() => endpoint.called.length === 2);
    expect(endpoint.called[1]?.query).toEqual({
      own: '1',
      id: String(messageId),
      date: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      sender: phone,
      receiver: '36184',
      message: 'Zażółć',
      tag: 'parcels',
    });
  });

  it.each([
    ['of one part', 'Thank you', '7bit', 1],
    ['of two parts', 'ż'.repeat(71), 'unicode', 2],
    ['of as many characters as it may have, each of which counts double', '€'.repeat(160), '7bit', 3],
  ] as const)('gets a text back %s, as a submission paid from the pool by its parts, once', async (_, text, coding, parts) => {
    const dlr = await started();
    const sent = await payForAnswers(dlr);
    await dlr.ask(setSmsResponse, { account, responseType: 'text', text });
    await write(dlr, 'Yes');
    await until(() => sent.length === 1);
    await dlr.messaging.drain();
    expect(sent).toMatchObject([{ kind: 'send', account, userId: null, messageIds: [131_072], receivers: [phone], sender: '36184', text, coding, parts, source: 'answer', noStop: true }]);
  });

  it('is kept as long as texts are, a STOP for ever', async () => {
    const dlr = await started();
    await write(dlr, 'Yes');
    await write(dlr, 'STOP');
    await arrived(dlr, 2);
    const cleaner = dlr.app.get(CleanHistoryWorker, { strict: false });
    await cleaner.clean(Date.now() + 182 * 86_400_000);
    expect(await idsOf(dlr)).toHaveLength(2);
    await cleaner.clean(Date.now() + 184 * 86_400_000);
    expect(await idsOf(dlr)).toEqual([]);
    expect((await dlr.ask(findStops, { account })).stops).toHaveLength(1);
  });

  it('is refused a response that cannot be: a text that is empty, a URL that leads inside', async () => {
    const dlr = await started();
    expect(await dlr.ask(setSmsResponse, { account, responseType: 'text' })).toEqual({ outcome: 'refused', code: 'text-missing' });
    expect(await dlr.ask(setSmsResponse, { account, responseType: 'cgi', cgiUrl: 'http://10.0.0.1/' })).toEqual({ outcome: 'refused', code: 'address-not-allowed' });
    expect(await dlr.ask(setSmsResponse, { account, responseType: 'cgi', cgiUrl: 'ftp://x' })).toEqual({ outcome: 'refused', code: 'url-not-valid' });
  });
});

it('a look that finds nothing to answer takes no turn of the store', async () => {
  const dlr = await startDlr();
  const calls = dlr.app.get(IncomingCallsRepository, { strict: false });
  const [looked, taken] = [jest.spyOn(calls, 'hasDue'), jest.spyOn(calls, 'takeDue')];
  await until(() => looked.mock.results.length > 0);
  await looked.mock.results[0]?.value;
  await dlr.messaging.drain();
  expect(taken).not.toHaveBeenCalled();
});

describe('STOP from a phone', () => {
  it('puts its number on the stop list, tells stopCallBack, and tells others without the number; taken off, all is as before', async () => {
    const endpoint = await startEndpoint();
    const dlr = await started();
    const told: [string, string | null][] = [];
    await dlr.messaging.subscribe({
      topic: stops.topic,
      group: 'test',
      kind: 'broadcast',
      handle: async (batch) => void told.push(...batch.map(({ key, value }): [string, string | null] => [key, value])),
    });
    await dlr.ask(setCallbacks, { account, userId, stopCallBack: endpoint.url });
    await write(dlr, 'STOP 36184');
    await until(() => endpoint.called.length === 1 && told.length === 1);
    expect(endpoint.called[0]?.query).toEqual({ id: String(messageId), date: expect.any(String), sender: phone, receiver: '36184', message: 'STOP 36184' });
    expect((await dlr.ask(findStops, { account })).stops).toEqual([{ number: phone, sinceMs: expect.any(Number), messageId }]);
    expect(JSON.stringify(told)).not.toContain(phone.slice(1));

    expect(await dlr.ask(removeStop, { account, number: phone })).toEqual({ outcome: 'done' });
    expect(await dlr.ask(removeStop, { account, number: phone })).toEqual({ outcome: 'refused', code: 'number-unknown' });
    await until(() => told.length === 2);
    expect(told[1]).toEqual([told[0]?.[0], null]);
    expect((await dlr.ask(findStops, { account, number: phone })).stops).toEqual([]);
  });

  it('that is left of a longer message is none', async () => {
    const dlr = await started();
    await write(dlr, '[…]STOP', { partsMissing: 1 });
    await arrived(dlr, 1);
    expect((await dlr.ask(findStops, { account })).stops).toEqual([]);
  });

  it('counts for as long as there is a message that it can mean, and once however often it comes', async () => {
    const dlr = await started();
    await write(dlr, 'stop', { receivedAtMs: Date.now() + 90 * 24 * 3_600_000 });
    await write(dlr, 'Stop!');
    await arrived(dlr, 2);
    await dlr.messaging.drain();
    expect((await dlr.ask(findStops, { account })).stops).toHaveLength(1);
  });
});
