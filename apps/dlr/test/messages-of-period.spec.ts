import { exportMessages, showUsage } from '@kwota/contracts/dlr.requests.v1';
import { account, closeAll, messagesOf, noonMs, reportOf, startDlr, submittedReport, until, userId } from './dlr-under-test.js';

afterEach(closeAll);

const started = async () => {
  const dlr = await startDlr();
  await dlr.accept(messagesOf([70_001, 70_002]), messagesOf([70_003], { userId: 'u-2', tag: 'sale' }), messagesOf([70_004], { userId: null, acceptedAtMs: noonMs + 60_000 }), messagesOf([70_005]));
  await dlr.receive(reportOf(70_001), reportOf(70_002, { ptt: 23, dlr: 16 }), reportOf(70_003, { ptt: 24, dlr: 2 }), submittedReport(70_004));
  await until(() => dlr.events.length === 4);
  return dlr;
};

it('a document’s pages go on after the last id, and leave out what is still pending', async () => {
  const dlr = await started();
  const page = async (fields: object) => (await dlr.ask(exportMessages, { account, afterMessageId: 0, limit: 2, ...fields })).messages.map(({ messageId }) => messageId);
  expect(await page({})).toEqual([70_001, 70_002]);
  expect(await page({ afterMessageId: 70_002 })).toEqual([70_003, 70_004]);
  expect(await page({ afterMessageId: 70_004 })).toEqual([]);
  expect(await page({ tag: 'sale' })).toEqual([70_003]);
  expect(await page({ userId: null })).toEqual([70_004]);
  expect(await page({ fromMs: noonMs + 1 })).toEqual([70_004]);
  expect(await page({ ptt: 24, dlr: 2, sender: 'KWOTA', receiver: '+33600000004', differedDelivery: 0 })).toEqual([70_003]);
  expect(await page({ receiver: '+33600000005' })).toEqual([]);
});

it('usage is told by user; what DLR 16 gives back is no credit spent', async () => {
  const dlr = await started();
  const usageOf = async (fields: object) => (await dlr.ask(showUsage, { account, fromMs: noonMs - 1, toMs: noonMs + 3_600_000, ...fields })).usage;
  const nothing = { delivered: 0, failed: 0, notBilled: 0, underWay: 0 };
  const all = await usageOf({});
  expect(all).toHaveLength(3);
  expect(all.find((one) => one.userId === userId)).toEqual({ userId, messages: 3, parts: 3, ...nothing, delivered: 1, notBilled: 1, underWay: 1, creditsMilli: 2_000 });
  expect(all.find((one) => one.userId === null)).toEqual({ userId: null, messages: 1, parts: 1, ...nothing, underWay: 1, creditsMilli: 1_000 });
  expect(await usageOf({ userId: 'u-2' })).toEqual([{ userId: 'u-2', messages: 1, parts: 1, ...nothing, failed: 1, creditsMilli: 1_000 }]);
  expect(await usageOf({ toMs: noonMs - 1 })).toEqual([]);
});
