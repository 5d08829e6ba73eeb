import { accepted, type Accepted } from '@kwota/contracts/accepted.v1';
import * as dlrRequests from '@kwota/contracts/dlr.requests.v1';
import * as phonesRequests from '@kwota/contracts/phones.requests.v1';
import { receipts, type Receipt } from '@kwota/contracts/receipts.v1';
import { users, type UsersEvent } from '@kwota/contracts/users.v1';
import { readFileSync } from 'node:fs';
import { CleanHistoryWorker } from '../src/clean-history/clean-history.worker.js';
import { historyKeptDays } from '../src/dlr.config.js';
import { EndSilentMessagesWorker, graceMs } from '../src/end-silent-messages/end-silent-messages.worker.js';
import { account, closeAll, messagesOf, noonMs, pause, reportOf, startDlr, startEndpoint, submittedReport, until, userId } from './dlr-under-test.js';

afterEach(closeAll);

const { deleteMessage, findCallbackAttempts, findMessage, findMessages, setCallbacks } = dlrRequests;
type Dlr = Awaited<ReturnType<typeof startDlr>>;
const idsOf = async (dlr: Dlr, fields: object) => (await dlr.ask(findMessages, { account, pending: false, ...fields })).messageIds;

describe('messages are found by', () => {
  const submissions = [
    messagesOf([70_001]),
    messagesOf([70_002], { userId: 'u-2', sender: 'SHOP', tag: 'sale' }),
    messagesOf([70_003], { userId: null, acceptedAtMs: noonMs + 60_000, deferredUntilMs: noonMs + 11 * 60_000 }),
    messagesOf([70_004], { account: 'sms-kw00001-2' }),
  ];
  const reports = [
    submittedReport(70_001),
    reportOf(70_002, { ptt: 24, dlr: 2 }),
    reportOf(70_003),
    submittedReport(70_004, { account: 'sms-kw00001-2' }),
  ];

  it.each([
    ['nothing but the account', {}, [70_001, 70_002, 70_003]],
    ['user', { userId }, [70_001]],
    ['the account itself', { userId: null }, [70_003]],
    ['sender', { sender: 'SHOP' }, [70_002]],
    ['tag', { tag: 'sale' }, [70_002]],
    ['receiver', { receiver: '+33600000004' }, [70_001, 70_002, 70_003]],
    ['a receiver without messages', { receiver: '+33600000005' }, []],
    ['ptt', { ptt: 24 }, [70_002]],
    ['DLR id', { dlr: 1 }, [70_003]],
    ['deferral in minutes', { differedDelivery: 10 }, [70_003]],
    ['no deferral', { differedDelivery: 0 }, [70_001, 70_002]],
    ['time from', { fromMs: noonMs + 1 }, [70_003]],
    ['time to', { toMs: noonMs }, [70_001, 70_002]],
    ['what is pending', { pending: true }, []],
    ['several', { userId: 'u-2', ptt: 24, sender: 'SHOP' }, [70_002]],
  ])('%s', async (_, fields, messageIds) => {
    const dlr = await startDlr();
    await dlr.accept(...submissions);
    await dlr.receive(...reports);
    await until(() => dlr.events.length === 4);
    expect(await idsOf(dlr, fields)).toEqual(messageIds);
  });
});

it('a message is shown with its priority, where it has one', async () => {
  const dlr = await startDlr();
  await dlr.accept(messagesOf([70_001], { priority: 'veryLow' }), messagesOf([70_002]));
  await dlr.messaging.drain();
  expect(await dlr.ask(findMessage, { account, messageId: 70_001 })).toMatchObject({ message: { priority: 'veryLow' } });
  expect(await dlr.ask(findMessage, { account, messageId: 70_002 })).not.toHaveProperty('message.priority');
});

describe('a message is deleted', () => {
  it('when it has ended, and its text with it', async () => {
    const dlr = await startDlr();
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(submittedReport(70_001));
    await until(() => dlr.events.length === 1);
    const deletion = { account, userId, messageId: 70_001 };
    expect(await dlr.ask(deleteMessage, deletion)).toEqual({ outcome: 'refused', code: 'message-under-way' });
    await dlr.receive(reportOf(70_001));
    await until(() => dlr.events.length === 2);
    expect(await dlr.ask(deleteMessage, { ...deletion, userId: 'u-2' })).toEqual({ outcome: 'refused', code: 'message-unknown' });
    expect(await dlr.ask(deleteMessage, deletion)).toEqual({ outcome: 'done' });
    expect(await dlr.ask(deleteMessage, deletion)).toEqual({ outcome: 'refused', code: 'message-unknown' });
    expect(await idsOf(dlr, {})).toEqual([]);
  });

  it('for good: its submission, read again from the log, does not bring it back', async () => {
    const dlr = await startDlr();
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(reportOf(70_001));
    await until(() => dlr.events.length === 1);
    await dlr.ask(deleteMessage, { account, messageId: 70_001 });
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(reportOf(70_001));
    await dlr.messaging.drain();
    expect(await idsOf(dlr, { pending: true })).toEqual([]);
    expect(dlr.events).toHaveLength(1);
  });
});

describe('without a receipt', () => {
  const soon = () => Date.now() + 1_000;
  const look = (dlr: Dlr, atMs: number) => dlr.app.get(EndSilentMessagesWorker, { strict: false }).look(atMs);

  it('a message ends a minute after its validity: as unknown if it was submitted, else as expired', async () => {
    const dlr = await startDlr();
    const validUntilMs = soon();
    await dlr.accept(messagesOf([70_001, 70_002, 70_003], { validUntilMs }));
    await dlr.receive(submittedReport(70_001), reportOf(70_003));
    await until(() => dlr.events.length === 2);
    await look(dlr, validUntilMs + graceMs);
    await pause(20);
    expect(dlr.events).toHaveLength(2);
    await look(dlr, validUntilMs + graceMs + 1);
    await until(() => dlr.events.length === 4);
    expect(dlr.events.slice(2)).toMatchObject([
      { messageId: 70_001, sequence: 2, ptt: 6, dlr: 2, final: true, silent: true, submitted: true },
      { messageId: 70_002, sequence: 1, ptt: 8, dlr: 2, final: true, silent: true, submitted: false },
    ]);
    await dlr.receive(reportOf(70_001), reportOf(70_001));
    await until(() => dlr.events.length === 5);
    expect(dlr.events[4]).toMatchObject({ messageId: 70_001, sequence: 3, ptt: 4, dlr: 1, final: true, silent: false, submitted: true });
  });

  it('nothing ends while receipts may be unread: just after a start', async () => {
    const dlr = await startDlr();
    const validUntilMs = Date.now() - graceMs - 1_000;
    await dlr.accept(messagesOf([70_001], { validUntilMs }));
    await dlr.messaging.drain();
    await look(dlr, Date.now());
    await pause(20);
    expect(dlr.events).toEqual([]);
  });

  it('more messages than one transaction takes all end', async () => {
    const dlr = await startDlr();
    const validUntilMs = soon();
    const ids = Array.from({ length: 1_000 }, (_, index) => 80_000 + index);
    await dlr.accept(messagesOf(ids, { validUntilMs }), messagesOf([90_000], { validUntilMs }));
    await dlr.messaging.drain();
    await look(dlr, validUntilMs + graceMs + 1);
    await until(() => dlr.events.length === 1_001);
  });
});

it('the history ends after six months', async () => {
  const dlr = await startDlr();
  await dlr.accept(messagesOf([70_001]), messagesOf([70_002], { acceptedAtMs: noonMs + 1 }));
  await dlr.receive(reportOf(70_001), reportOf(70_002));
  await until(() => dlr.events.length === 2);
  await dlr.app.get(CleanHistoryWorker, { strict: false }).clean(noonMs + historyKeptDays * 86_400_000 + 1);
  expect(await idsOf(dlr, {})).toEqual([70_002]);
  expect(await dlr.ask(findMessage, { account, messageId: 70_001 })).toEqual({ outcome: 'refused', code: 'message-unknown' });
});

it('texts and numbers are erased after the configured time, attempts after theirs, the rest of the history stays', async () => {
  const endpoint = await startEndpoint();
  const dlr = await startDlr({ textsKeptDays: 30, attemptsKeptDays: 7 });
  await dlr.ask(setCallbacks, { account, userId, callBack: endpoint.url });
  await dlr.accept(messagesOf([70_001]), messagesOf([70_002], { acceptedAtMs: noonMs + 1 }));
  await dlr.receive(reportOf(70_001), reportOf(70_002, { atMs: noonMs + 86_400_000 * 25 }));
  const attemptsOf = async (messageId: number) => (await dlr.ask(findCallbackAttempts, { account, messageId })).attempts.length;
  await until(async () => (await attemptsOf(70_001)) === 1 && (await attemptsOf(70_002)) === 1);
  const cleaner = dlr.app.get(CleanHistoryWorker, { strict: false });
  await cleaner.clean(noonMs + 30 * 86_400_000 + 1);
  const texts = async () => Promise.all([70_001, 70_002].map(async (messageId) => (await dlr.ask(findMessage, { account, messageId })) as { message: { receiver: string; text: string; creditsMilli: number } }));
  expect((await texts()).map(({ message: { receiver, text, creditsMilli } }) => [receiver !== '', text !== '', creditsMilli])).toEqual([
    [false, false, 1_000],
    [true, true, 1_000],
  ]);
  expect([await attemptsOf(70_001), await attemptsOf(70_002)]).toEqual([0, 1]);
  await cleaner.clean(noonMs + 60 * 86_400_000);
  expect((await texts()).map(({ message: { text } }) => text)).toEqual(['', '']);
});

describe('golden examples', () => {
  const golden = <Value>(file: string): Record<string, Value> =>
    JSON.parse(readFileSync(new URL(`../../../libs/contracts/golden/${file}.json`, import.meta.url), 'utf8')) as Record<string, Value>;

  it('of every message that dlr consumes are handled', async () => {
    const dlr = await startDlr();
    const facts = Object.values(golden<UsersEvent>('users')).map((fact, index) => users.message(fact, { id: `${index}`, source: 'kwota/users' }));
    await dlr.messaging.publish(facts);
    for (const message of Object.values(golden<Accepted>('accepted'))) await dlr.messaging.publish([accepted.message(message, { id: '1', source: 'kwota/ledger' })]);
    for (const message of Object.values(golden<Receipt>('receipts'))) await dlr.messaging.publish([receipts.message(message, { id: '2', source: 'kwota/carrier' })]);
    await until(() => dlr.events.length >= 2);
    await dlr.messaging.drain();
    expect(dlr.messaging.stats).toMatchObject({ deadLetters: 0, retries: 0 });
    expect(dlr.events.every(({ final }) => final)).toBe(true);
  });

  it('of every request get a reply of their contract', async () => {
    const dlr = await startDlr();
    const examples = golden<{ request: never }>('dlr.requests');
    const contracts = [...Object.values(dlrRequests), ...Object.values(phonesRequests)];
    expect(contracts.map(({ name }) => name).sort()).toEqual(Object.keys(examples).sort());
    for (const contract of contracts) {
      const reply = await dlr.ask(contract as typeof findMessages, examples[contract.name]?.request as never);
      expect(contract.replySchema.safeParse(reply)).toMatchObject({ success: true });
    }
  });
});
