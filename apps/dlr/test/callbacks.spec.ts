import { findCallbackAttempts, findCallbacks, setCallbacks } from '@kwota/contracts/dlr.requests.v1';
import { users } from '@kwota/contracts/users.v1';
import { join } from 'node:path';
import { account, closeAll, messagesOf, pause, reportOf, startDlr, startEndpoint, submittedReport, temporaryFolder, until, userId } from './dlr-under-test.js';

afterEach(closeAll);

type Dlr = Awaited<ReturnType<typeof startDlr>>;
const shownOf = (dlr: Dlr, messageId: number) => dlr.ask(findCallbackAttempts, { account, messageId });
const statesOf = async (dlr: Dlr, messageId: number) => (await shownOf(dlr, messageId)).callbacks.map(({ state }) => state);
const untilStates = (dlr: Dlr, messageId: number, ...states: string[]) =>
  until(async () => JSON.stringify(await statesOf(dlr, messageId)) === JSON.stringify(states));
const ptts = (called: readonly { query: Record<string, string> }[]) => called.map(({ query }) => query['ptt']);
const absentSoFar = (messageId: number) => reportOf(messageId, { ptt: 1, dlr: 8, final: false });

describe("one message's callbacks", () => {
  it('stay in order: the next waits until the one before is received', async () => {
    const endpoint = await startEndpoint((_, response, index) => void response.writeHead(index < 2 ? 503 : 200).end());
    const dlr = await startDlr();
    await dlr.ask(setCallbacks, { account, userId, callBack: endpoint.url });
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(submittedReport(70_001));
    await until(() => endpoint.called.length === 1);
    await dlr.receive(absentSoFar(70_001));
    await untilStates(dlr, 70_001, 'delivered', 'delivered');
    expect(ptts(endpoint.called)).toEqual(['3', '3', '3', '1']);
  });

  it('go on when the one before is given up', async () => {
    const endpoint = await startEndpoint(({ query }, response) => void response.writeHead(query['ptt'] === '3' ? 500 : 200).end());
    const dlr = await startDlr({ retryScheduleMs: [20] });
    await dlr.ask(setCallbacks, { account, userId, callBack: endpoint.url });
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(submittedReport(70_001), absentSoFar(70_001));
    await untilStates(dlr, 70_001, 'dead', 'delivered');
    expect(ptts(endpoint.called)).toEqual(['3', '3', '1']);
  });

  it('give way to the final, which is tried at once', async () => {
    const endpoint = await startEndpoint(({ query }, response) => void response.writeHead(query['ptt'] === '4' ? 200 : 500).end());
    const dlr = await startDlr({ retryScheduleMs: [60_000] });
    await dlr.ask(setCallbacks, { account, userId, callBack: endpoint.url });
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(submittedReport(70_001));
    await until(async () => (await shownOf(dlr, 70_001)).attempts.length === 1);
    await dlr.receive(absentSoFar(70_001), reportOf(70_001));
    await untilStates(dlr, 70_001, 'superseded', 'superseded', 'delivered');
    expect(ptts(endpoint.called)).toEqual(['3', '4']);
  });

  it('an earlier attempt that hangs holds the final up for half a second', async () => {
    const endpoint = await startEndpoint(({ query }, response) => void (query['ptt'] === '4' && response.end()));
    const dlr = await startDlr();
    await dlr.ask(setCallbacks, { account, userId, callBack: endpoint.url });
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(submittedReport(70_001));
    await until(() => endpoint.called.length === 1);
    await dlr.receive(reportOf(70_001));
    await untilStates(dlr, 70_001, 'superseded', 'delivered');
    expect((await shownOf(dlr, 70_001)).attempts).toMatchObject([{ sequence: 1, status: null, reason: 'cut-short' }, { sequence: 2, status: 200 }]);
    const [first, second] = endpoint.called;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeLessThan(2_000);
  });
});

describe('an endpoint', () => {
  it('that redirects has not received it, and is not followed', async () => {
    const other = await startEndpoint();
    const endpoint = await startEndpoint((_, response) => void response.writeHead(302, { location: other.url }).end());
    const dlr = await startDlr({ retryScheduleMs: [] });
    await dlr.ask(setCallbacks, { account, userId, callBack: endpoint.url });
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(reportOf(70_001));
    await untilStates(dlr, 70_001, 'dead');
    expect(other.called).toEqual([]);
    expect((await shownOf(dlr, 70_001)).attempts).toMatchObject([{ status: 302, reason: null }]);
  });

  it('that answers 410 is called no more', async () => {
    const endpoint = await startEndpoint((_, response) => void response.writeHead(410).end());
    const dlr = await startDlr();
    await dlr.ask(setCallbacks, { account, userId, callBack: endpoint.url });
    await dlr.accept(messagesOf([70_001, 70_002]));
    await dlr.receive(reportOf(70_001));
    await until(async () => (await dlr.ask(findCallbacks, { account })).callbacks.length === 0);
    expect(await statesOf(dlr, 70_001)).toEqual(['dead']);
    await dlr.receive(reportOf(70_002));
    await until(() => dlr.events.length === 2);
    expect(await statesOf(dlr, 70_002)).toEqual([]);
    expect(endpoint.called).toHaveLength(1);
  });

  it('that answers with a body without end has received it', async () => {
    const endpoint = await startEndpoint((_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'.repeat(64 * 1024)), 1);
      response.on('close', () => clearInterval(timer));
    });
    const dlr = await startDlr();
    await dlr.ask(setCallbacks, { account, userId, callBack: endpoint.url });
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(reportOf(70_001));
    await untilStates(dlr, 70_001, 'delivered');
    expect((await shownOf(dlr, 70_001)).attempts).toMatchObject([{ status: 200, reason: null }]);
  });

  it('that is not there is a reason, and comes back', async () => {
    const dlr = await startDlr({ retryScheduleMs: [20] });
    await dlr.ask(setCallbacks, { account, userId, callBack: 'http://127.0.0.1:1/' });
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(reportOf(70_001));
    await untilStates(dlr, 70_001, 'dead');
    expect((await shownOf(dlr, 70_001)).attempts).toMatchObject([
      { attempt: 1, status: null, reason: 'ECONNREFUSED' },
      { attempt: 2, status: null, reason: 'ECONNREFUSED' },
    ]);
  });

  it('that never answers does not hold up another', async () => {
    const hanging = await startEndpoint(() => undefined);
    const quick = await startEndpoint();
    const dlr = await startDlr();
    await dlr.ask(setCallbacks, { account, userId: 'u-slow', callBack: hanging.url });
    await dlr.ask(setCallbacks, { account, userId: 'u-quick', callBack: quick.url });
    const slowIds = Array.from({ length: 1_500 }, (_, index) => 80_000 + index);
    await dlr.accept(messagesOf(slowIds.slice(0, 1_000), { userId: 'u-slow' }), messagesOf(slowIds.slice(1_000), { userId: 'u-slow' }));
    await dlr.receive(...slowIds.map((messageId) => reportOf(messageId)));
    await until(() => hanging.called.length > 0);
    await dlr.accept(messagesOf([70_001], { userId: 'u-quick' }));
    const atMs = Date.now();
    await dlr.receive(reportOf(70_001));
    await until(() => quick.called.length === 1);
    expect(Date.now() - atMs).toBeLessThan(2_000);
  });

  it('gets more callbacks than fit in memory, each once', async () => {
    const endpoint = await startEndpoint();
    const dlr = await startDlr();
    await dlr.ask(setCallbacks, { account, userId, callBack: endpoint.url });
    const ids = Array.from({ length: 3_000 }, (_, index) => 80_000 + index);
    for (const from of [0, 1_000, 2_000]) await dlr.accept(messagesOf(ids.slice(from, from + 1_000)));
    await dlr.messaging.drain();
    await dlr.receive(...ids.map((messageId) => reportOf(messageId)));
    await until(() => endpoint.called.length >= ids.length, 30_000);
    await pause(100);
    expect(new Set(endpoint.called.map(({ query }) => query['id'])).size).toBe(ids.length);
    expect(endpoint.called).toHaveLength(ids.length);
  }, 60_000);
});

describe('after a restart', () => {
  it('what was due is sent, and what was received is not', async () => {
    const database = join(temporaryFolder(), 'dlr.db');
    const down = await startEndpoint((_, response) => void response.writeHead(503).end());
    const up = await startEndpoint();
    const before = await startDlr({ retryScheduleMs: [300] }, database);
    await before.ask(setCallbacks, { account, userId, callBack: down.url });
    await before.ask(setCallbacks, { account, userId: 'u-up', callBack: up.url });
    await before.accept(messagesOf([70_001]), messagesOf([70_002], { userId: 'u-up' }));
    await before.receive(reportOf(70_001), reportOf(70_002));
    await until(async () => (await shownOf(before, 70_001)).attempts.length === 1 && (await statesOf(before, 70_002))[0] === 'delivered');
    await before.close();
    const after = await startDlr({ retryScheduleMs: [300] }, database);
    await until(() => down.called.length === 2);
    await untilStates(after, 70_001, 'dead');
    expect(up.called).toHaveLength(1);
    expect((await after.ask(findCallbacks, { account })).callbacks).toHaveLength(2);
  });

  it('an attempt that was cut off by the stop is made again', async () => {
    const database = join(temporaryFolder(), 'dlr.db');
    let answers = false;
    const endpoint = await startEndpoint((_, response) => void (answers && response.end()));
    const before = await startDlr({}, database);
    await before.ask(setCallbacks, { account, userId, callBack: endpoint.url });
    await before.accept(messagesOf([70_001]));
    await before.receive(reportOf(70_001));
    await until(() => endpoint.called.length === 1);
    await before.close();
    answers = true;
    const after = await startDlr({}, database);
    await untilStates(after, 70_001, 'delivered');
    expect((await shownOf(after, 70_001)).attempts).toHaveLength(1);
  });
});

describe('callback URLs', () => {
  const privateDlr = () => startDlr({ allowedNetworks: [], retryScheduleMs: [] });

  it.each(['http://127.0.0.1/', 'http://10.1.2.3/dlr', 'http://[::1]/', 'http://169.254.169.254/latest/meta-data', 'http://2130706433/'])(
    'a private literal is refused when it is set: %s',
    async (callBack) => {
      const dlr = await privateDlr();
      expect(await dlr.ask(setCallbacks, { account, userId, callBack })).toEqual({ outcome: 'refused', code: 'address-not-allowed', field: 'callBack' });
      expect((await dlr.ask(findCallbacks, { account })).callbacks).toEqual([]);
    },
  );

  it.each(['ftp://example.org/', 'example.org', 'https://', 'javascript:alert(1)'])('what is no web address is refused: %s', async (stopCallBack) => {
    const dlr = await privateDlr();
    expect(await dlr.ask(setCallbacks, { account, userId, stopCallBack })).toEqual({ outcome: 'refused', code: 'url-not-valid', field: 'stopCallBack' });
  });

  it('a name that resolves to a private address is refused at each attempt, and nothing is dialled', async () => {
    const endpoint = await startEndpoint();
    const dlr = await privateDlr();
    await dlr.ask(setCallbacks, { account, userId, callBack: `http://localhost:${endpoint.port}/dlr` });
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(reportOf(70_001));
    await untilStates(dlr, 70_001, 'dead');
    expect(endpoint.called).toEqual([]);
    expect((await shownOf(dlr, 70_001)).attempts).toMatchObject([{ status: null, reason: 'address-not-allowed' }]);
  });

  it('one that became private after it was set is not dialled either', async () => {
    const database = join(temporaryFolder(), 'dlr.db');
    const endpoint = await startEndpoint();
    const before = await startDlr({}, database);
    await before.ask(setCallbacks, { account, userId, callBack: endpoint.url });
    await before.close();
    const dlr = await startDlr({ allowedNetworks: [], retryScheduleMs: [] }, database);
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(reportOf(70_001));
    await untilStates(dlr, 70_001, 'dead');
    expect(endpoint.called).toEqual([]);
  });

  it('what is left out stays, null and the empty text take away, a dry run changes nothing', async () => {
    const dlr = await startDlr();
    const set = (fields: object) => dlr.ask(setCallbacks, { account, userId, ...fields });
    const found = async () => (await dlr.ask(findCallbacks, { account })).callbacks;
    await set({ callBack: 'https://example.org/dlr', stopCallBack: 'https://example.org/stop' });
    await set({ callBack: 'https://example.net/dlr' });
    await set({ callBack: 'https://example.com/dlr', dryRun: true });
    expect(await found()).toEqual([{ userId, callBack: 'https://example.net/dlr', stopCallBack: 'https://example.org/stop' }]);
    await set({ callBack: '' });
    expect(await found()).toEqual([{ userId, callBack: null, stopCallBack: 'https://example.org/stop' }]);
    await set({ stopCallBack: null });
    expect(await found()).toEqual([]);
  });

  it("the user's counts before the account's, and the account's after the user was deleted", async () => {
    const ofUser = await startEndpoint();
    const ofAccount = await startEndpoint();
    const dlr = await startDlr();
    await dlr.ask(setCallbacks, { account, userId: null, callBack: ofAccount.url });
    await dlr.ask(setCallbacks, { account, userId, callBack: ofUser.url });
    await dlr.accept(messagesOf([70_001, 70_002]));
    await dlr.receive(reportOf(70_001));
    await until(() => ofUser.called.length === 1);
    await dlr.messaging.publish([{ topic: users.topic, key: `${account}|user:${userId}`, value: null, headers: {} }]);
    await dlr.messaging.drain();
    await dlr.receive(reportOf(70_002));
    await until(() => ofAccount.called.length === 1);
    expect(ofUser.called).toHaveLength(1);
  });
});
