import {
  findCallbackAttempts,
  findCallbackDelivery,
  findCallbacks,
  findFailingEndpoints,
  findQueuedCallbacks,
  pauseCallbacks,
  replayCallbacks,
  setCallbackDelivery,
  setCallbacks,
} from '@kwota/contracts/dlr.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { run } from '@kwota/service-kit/sql';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { switchOffAfterMs } from '../src/watch-endpoints/failing-percent.js';
import { WatchEndpointsWorker } from '../src/watch-endpoints/watch-endpoints.worker.js';
import { account, closeAll, messagesOf, noonMs, pause, reportOf, startDlr, startEndpoint, submittedReport, temporaryFolder, until, userId } from './dlr-under-test.js';

afterEach(closeAll);

type Dlr = Awaited<ReturnType<typeof startDlr>>;
const statesOf = async (dlr: Dlr, messageId: number) => (await dlr.ask(findCallbackAttempts, { account, messageId })).callbacks.map(({ state }) => state);
const untilStates = (dlr: Dlr, messageId: number, ...states: string[]) =>
  until(async () => JSON.stringify(await statesOf(dlr, messageId)) === JSON.stringify(states));
const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`;
const sealed = (dlr: Dlr, secret: string, owner: string | null = userId) => dlr.sealing.seal(secret, `callback|${account}|${owner ?? ''}`);
const verified = (secret: string, content: string, headers: object): boolean => {
  try {
    new Webhook(secret).verify(content, headers as Record<string, string>, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
};

/** A user whose endpoint answers as `answer` says, with messages of its own. */
const startWithEndpoint = async (overrides: Parameters<typeof startDlr>[0] = {}, status: () => number = () => 200) => {
  const endpoint = await startEndpoint((_, response) => void response.writeHead(status()).end());
  const dlr = await startDlr(overrides);
  await dlr.ask(setCallbacks, { account, userId, callBack: `${endpoint.url}?shop=7` });
  return { dlr, endpoint };
};

describe('a callback', () => {
  it('is POST with JSON where its user wants it, the account’s wish where the user has none', async () => {
    const { dlr, endpoint } = await startWithEndpoint();
    await dlr.ask(setCallbackDelivery, { account, userId: null, format: 'json' });
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(reportOf(70_001));
    await untilStates(dlr, 70_001, 'delivered');
    const [called] = endpoint.called;
    expect([called?.method, called?.search, called?.headers['content-type']]).toEqual(['POST', '?shop=7', 'application/json']);
    expect(JSON.parse(called?.body ?? '')).toMatchObject({ id: 70_001, ptt: 4, description: 1, dlr: 1, sequence: 1, final: true });
    await dlr.ask(setCallbackDelivery, { account, userId, format: 'get' });
    await dlr.accept(messagesOf([70_002]));
    await dlr.receive(reportOf(70_002));
    await until(() => endpoint.called.length === 2);
    expect(endpoint.called[1]).toMatchObject({ method: 'GET', query: { shop: '7', id: '70002' } });
  });

  it('is signed with the new secret and for a day with the one before, and says when that ends', async () => {
    const { dlr, endpoint } = await startWithEndpoint();
    const [first, second] = [newSecret(), newSecret()];
    for (const secret of [first, second]) expect(await dlr.ask(setCallbackDelivery, { account, userId, sealedSecret: sealed(dlr, secret) })).toEqual({ outcome: 'done' });
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(reportOf(70_001));
    await until(() => endpoint.called.length === 1);
    const called = endpoint.called[0];
    const content = called?.search.slice(1) ?? '';
    expect(called?.headers['webhook-id']).toBe('70001.1');
    expect([first, second, newSecret()].map((secret) => verified(secret, content, called?.headers ?? {}))).toEqual([true, true, false]);
    const { deliveries } = await dlr.ask(findCallbackDelivery, { account });
    expect(deliveries).toMatchObject([{ userId, format: 'get', signed: true }]);
    expect(deliveries[0]?.previousSecretUntilMs).toBeGreaterThan(Date.now());
    await dlr.ask(setCallbackDelivery, { account, userId, sealedSecret: null });
    await dlr.accept(messagesOf([70_002]));
    await dlr.receive(reportOf(70_002));
    await until(() => endpoint.called.length === 2);
    expect(endpoint.called[1]?.headers).not.toHaveProperty('webhook-signature');
  });

  it('takes no secret that does not open, or is none', async () => {
    const dlr = await startDlr();
    const refused = { outcome: 'refused', code: 'secret-not-valid' };
    expect(await dlr.ask(setCallbackDelivery, { account, userId, sealedSecret: sealed(dlr, newSecret(), null) })).toEqual(refused);
    expect(await dlr.ask(setCallbackDelivery, { account, userId, sealedSecret: sealed(dlr, 'short') })).toEqual(refused);
  });

  it('records how long each attempt took and which address was dialled', async () => {
    const { dlr } = await startWithEndpoint();
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(reportOf(70_001));
    await untilStates(dlr, 70_001, 'delivered');
    const { attempts } = await dlr.ask(findCallbackAttempts, { account, messageId: 70_001 });
    expect(attempts).toMatchObject([{ status: 200, address: '127.0.0.1', latencyMs: expect.any(Number) }]);
  });
});

describe('dead callbacks', () => {
  it('are listed and counted, and sent again by filter with the whole schedule before them', async () => {
    let status = 503;
    const { dlr, endpoint } = await startWithEndpoint({ retryScheduleMs: [20] }, () => status);
    await dlr.accept(messagesOf([70_001, 70_002]), messagesOf([70_003], { userId: 'u-2' }));
    await dlr.receive(reportOf(70_001), reportOf(70_002, { atMs: noonMs + 60_000 }));
    await untilStates(dlr, 70_001, 'dead');
    await untilStates(dlr, 70_002, 'dead');
    const dead = await dlr.ask(findQueuedCallbacks, { account, state: 'dead' });
    expect(dead.counts).toEqual({ waiting: 0, delivered: 0, superseded: 0, dead: 2 });
    expect(dead.callbacks).toMatchObject([
      { messageId: 70_002, userId, attempts: 2, lastStatus: 503 },
      { messageId: 70_001, userId, attempts: 2, lastStatus: 503 },
    ]);
    expect((await dlr.ask(findQueuedCallbacks, { account, userId: 'u-2' })).callbacks).toEqual([]);
    expect(await dlr.ask(replayCallbacks, { account, dryRun: true })).toEqual({ outcome: 'done', replayed: 2, superseded: 0 });
    expect(await statesOf(dlr, 70_001)).toEqual(['dead']);

    expect(await dlr.ask(replayCallbacks, { account, userId, toMs: noonMs + 30_000 })).toEqual({ outcome: 'done', replayed: 1, superseded: 0 });
    await until(async () => (await dlr.ask(findCallbackAttempts, { account, messageId: 70_001 })).attempts.length === 4);
    await untilStates(dlr, 70_001, 'dead');
    status = 200;
    await dlr.ask(replayCallbacks, {});
    await untilStates(dlr, 70_001, 'delivered');
    await untilStates(dlr, 70_002, 'delivered');
    expect(endpoint.called).toHaveLength(8);
  });

  it('go to the URL that is set now, the final alone', async () => {
    const { dlr } = await startWithEndpoint({ retryScheduleMs: [] }, () => 500);
    const other = await startEndpoint();
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(submittedReport(70_001));
    await untilStates(dlr, 70_001, 'dead');
    await dlr.receive(reportOf(70_001));
    await untilStates(dlr, 70_001, 'dead', 'dead');
    await dlr.ask(setCallbacks, { account, userId, callBack: other.url });
    expect(await dlr.ask(replayCallbacks, { account })).toEqual({ outcome: 'done', replayed: 1, superseded: 1 });
    await untilStates(dlr, 70_001, 'superseded', 'delivered');
    expect(other.called.map(({ query }) => query['ptt'])).toEqual(['4']);
  });

  it('of one message come in order when none is final', async () => {
    let status = 500;
    const { dlr, endpoint } = await startWithEndpoint({ retryScheduleMs: [] }, () => status);
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(submittedReport(70_001), reportOf(70_001, { ptt: 1, dlr: 8, final: false }));
    await untilStates(dlr, 70_001, 'dead', 'dead');
    status = 200;
    await dlr.ask(replayCallbacks, { account });
    await untilStates(dlr, 70_001, 'delivered', 'delivered');
    expect(endpoint.called.slice(2).map(({ query }) => query['ptt'])).toEqual(['3', '1']);
  });
});

it('paused, callbacks wait, also after a restart, until they are resumed', async () => {
  const endpoint = await startEndpoint();
  const database = join(temporaryFolder(), 'dlr.db');
  const before = await startDlr({}, database);
  await before.ask(setCallbacks, { account, userId, callBack: endpoint.url });
  await before.ask(pauseCallbacks, { paused: true });
  await before.accept(messagesOf([70_001]));
  await before.receive(reportOf(70_001));
  await untilStates(before, 70_001, 'waiting');
  await before.close();
  const after = await startDlr({}, database);
  expect((await after.ask(findQueuedCallbacks, {})).paused).toBe(true);
  await pause(200);
  expect(endpoint.called).toEqual([]);
  await after.ask(pauseCallbacks, { paused: false });
  await untilStates(after, 70_001, 'delivered');
});

describe('an endpoint that takes nothing', () => {
  const look = (dlr: Dlr, nowMs: number) => dlr.app.get(WatchEndpointsWorker, { strict: false }).look(nowMs);
  /** As if it had failed for that share of five days, and again just now. */
  const age = (dlr: Dlr, share: number, nowMs: number) =>
    dlr.app
      .get(ServiceDatabase, { strict: false })
      .transaction((manager) => run(manager, 'UPDATE callback_endpoint SET "failingSinceMs" = ?, "lastFailureAtMs" = ?', [nowMs - share * switchOffAfterMs, nowMs]));

  it('is told of at 50, 70 and 90 %, and switched off after five days; what it took nothing of can be sent again', async () => {
    const { dlr } = await startWithEndpoint({ retryScheduleMs: [60_000] }, () => 500);
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(reportOf(70_001));
    await until(async () => (await dlr.ask(findFailingEndpoints, {})).endpoints.length === 1);
    const nowMs = Date.now();
    for (const share of [0.3, 0.5, 0.6, 0.95, 0.95]) {
      await age(dlr, share, nowMs);
      await look(dlr, nowMs);
    }
    await until(() => dlr.notices.length === 2);
    expect(dlr.notices).toMatchObject([
      { type: 'CallbackEndpointFailing', account, userId, percent: 50 },
      { type: 'CallbackEndpointFailing', account, userId, percent: 90 },
    ]);
    const { endpoints } = await dlr.ask(findFailingEndpoints, {});
    expect(endpoints).toMatchObject([{ account, userId, percent: 95, origin: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) }]);
    await age(dlr, 1, nowMs);
    await look(dlr, nowMs);
    await until(() => dlr.notices.length === 3);
    expect(dlr.notices[2]).toMatchObject({ type: 'CallbackSwitchedOff', account, userId, reason: 'failing' });
    expect((await dlr.ask(findCallbacks, { account })).callbacks).toEqual([]);
    expect(await statesOf(dlr, 70_001)).toEqual(['dead']);
    expect((await dlr.ask(findFailingEndpoints, {})).endpoints).toEqual([]);
  });

  it('is well again with the first that it takes', async () => {
    let status = 500;
    const { dlr } = await startWithEndpoint({ retryScheduleMs: [30, 30, 30, 30, 30, 30] }, () => status);
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(reportOf(70_001));
    await until(async () => (await dlr.ask(findFailingEndpoints, {})).endpoints.length === 1);
    status = 200;
    await untilStates(dlr, 70_001, 'delivered');
    expect((await dlr.ask(findFailingEndpoints, {})).endpoints).toEqual([]);
  });

  it('that answers 410 is switched off at once, and its owner is told', async () => {
    const { dlr } = await startWithEndpoint({}, () => 410);
    await dlr.accept(messagesOf([70_001]));
    await dlr.receive(reportOf(70_001));
    await until(() => dlr.notices.length === 1);
    expect(dlr.notices).toMatchObject([{ type: 'CallbackSwitchedOff', account, userId, reason: 'gone' }]);
  });
});
