import { findCallbackAttempts, findMessage, findMessages, setCallbacks } from '@kwota/contracts/dlr.requests.v1';
import { account, closeAll, messagesOf, noonMs, pause, reportOf, startDlr, startEndpoint, submittedReport, until, userId } from './dlr-under-test.js';

afterEach(closeAll);

describe('one SMS', () => {
  it('is submitted, then delivered: two events, two callbacks', async () => {
    const endpoint = await startEndpoint();
    const dlr = await startDlr();
    await dlr.ask(setCallbacks, { account, userId, callBack: `${endpoint.url}?shop=7` });
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(submittedReport(70_001));
    await until(() => endpoint.called.length === 1);
    await dlr.receive(reportOf(70_001));
    await until(() => endpoint.called.length === 2 && dlr.events.length === 2);
    expect(dlr.events).toMatchObject([
      { messageId: 70_001, userId, sequence: 1, ptt: 3, dlr: 8, final: false, silent: false, submitted: true },
      { messageId: 70_001, userId, sequence: 2, ptt: 4, dlr: 1, final: true, silent: false, parts: [{ ptt: 4, dlr: 1 }] },
    ]);
    expect(endpoint.called.map(({ query }) => query)).toEqual([
      { shop: '7', id: '70001', ptt: '3', date: '2026-11-23 12:00:01', description: '8', descriptionDlr: 'Buffered', dlr: '8' },
      { shop: '7', id: '70001', ptt: '4', date: '2026-11-23 12:00:02', description: '1', descriptionDlr: 'Success', dlr: '1' },
    ]);
  });

  it('whose receipt comes before it keeps the receipt', async () => {
    const dlr = await startDlr();
    await dlr.receive(submittedReport(70_001), reportOf(70_001));
    await dlr.messaging.drain();
    await pause(30);
    expect(dlr.events).toEqual([]);
    await dlr.accept(messagesOf([70_001]));
    await until(() => dlr.events.length === 2);
    expect(dlr.events.map(({ sequence, dlr: id }) => [sequence, id])).toEqual([[1, 8], [2, 1]]);
  });

  it('that comes twice from the log, with its receipts, is told once', async () => {
    const dlr = await startDlr();
    for (let time = 0; time < 2; time += 1) {
      await dlr.accept(messagesOf([70_001]));
      await dlr.receive(submittedReport(70_001), reportOf(70_001));
      await dlr.messaging.drain();
    }
    await until(() => dlr.events.length === 2);
    await pause(30);
    expect(dlr.events).toHaveLength(2);
  });

  it('that was withdrawn ends with DLR 16', async () => {
    const dlr = await startDlr();
    await dlr.accept(messagesOf([70_001]), { kind: 'withdrawn', account, userId, messageIds: [70_001], withdrawnAtMs: noonMs });
    await dlr.receive(reportOf(70_001));
    await until(() => dlr.events.length === 1);
    expect(dlr.events).toMatchObject([{ ptt: 20, dlr: 16, final: true, submitted: false }]);
  });
});

it('the history shows what is pending, and then what was sent', async () => {
  const dlr = await startDlr();
  await dlr.accept(messagesOf([70_001, 70_002], { tag: 'parcels' }));
  await dlr.receive(submittedReport(70_001), reportOf(70_001));
  await until(() => dlr.events.length === 2);
  const find = async (fields: object) => (await dlr.ask(findMessages, { account, pending: false, ...fields })).messageIds;
  expect(await find({ pending: true })).toEqual([70_002]);
  expect(await find({})).toEqual([70_001]);
  const message = await dlr.ask(findMessage, { account, userId, messageId: 70_001 });
  expect(message).toMatchObject({ message: { ptt: 4, dlr: 1, tag: 'parcels', creditsMilli: 1_000, submittedAtMs: noonMs + 1_000, deliveredAtMs: noonMs + 2_000 } });
  expect(await dlr.ask(findMessage, { account, userId: 'u-2', messageId: 70_001 })).toEqual({ outcome: 'refused', code: 'message-unknown' });
});

it('a callback that fails is tried again, and each attempt is recorded', async () => {
  const endpoint = await startEndpoint((_, response, index) => void (index === 0 ? response.writeHead(500).end() : response.writeHead(202).end('Sent')));
  const dlr = await startDlr();
  await dlr.ask(setCallbacks, { account, userId: null, callBack: endpoint.url });
  await dlr.accept(messagesOf([70_001]));
  await dlr.receive(reportOf(70_001));
  const shown = async () => dlr.ask(findCallbackAttempts, { account, messageId: 70_001 });
  await until(async () => (await shown()).callbacks[0]?.state === 'delivered');
  expect((await shown()).attempts).toMatchObject([
    { sequence: 1, attempt: 1, status: 500, reason: null },
    { sequence: 1, attempt: 2, status: 202, reason: null },
  ]);
});
