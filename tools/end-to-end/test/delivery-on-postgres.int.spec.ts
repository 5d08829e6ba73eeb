// What operators ask of carrier and dlr, on PostgreSQL: the unit suites have it on SQLite.
import { cancelMessage, listConnectors, pauseCarrier, setConnector } from '@kwota/contracts/carrier.requests.v1';
import { findCallbackDelivery, findFailingEndpoints, findQueuedCallbacks, pauseCallbacks, replayCallbacks, setCallbackDelivery } from '@kwota/contracts/dlr.requests.v1';
import { startPostgres } from '@kwota/postgres/postgres-server';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Sealing } from '@kwota/service-kit/sealing';
import { startSmscSimulator } from '@kwota/smsc-simulator';
import { account, closeAll, closeLater, messageTo, receivers, reportOf, setUrl, startEndpoint, startInstance, until } from './two-instances.js';

const server = await startPostgres();
const onPostgres = server ? it : it.skip;
afterAll(() => server?.stop());
afterEach(closeAll);

const newDatabase = async (): Promise<string> => (await server?.createDatabase()) ?? '';
/** The key of the instances. */
const sealing = new Sealing('k'.repeat(32));
const asking = async (instance: Awaited<ReturnType<typeof startInstance>>) => {
  const client = await RequestClient.start(instance.messaging, 'spec', 10_000);
  closeLater(() => client.close());
  return client.ask.bind(client);
};

onPostgres('connectors are kept, take what another cannot, are asked about, paused, and their messages cancelled', async () => {
  const [away, other] = [await startSmscSimulator(), await startSmscSimulator({ answersQueries: true, script: [{ receivers: '.', receipt: 'lost' }] })];
  closeLater(() => other.close());
  await away.close();
  const carrier = await startInstance({ service: 'carrier', databaseUrl: await newDatabase(), config: { smscUrl: away.url, failOverAfterMs: 200 } });
  const ask = await asking(carrier);
  const sealedUrl = sealing.seal(other.url, 'connector|other');
  expect(await ask(setConnector, { name: 'other', add: true, sealedUrl, settings: { queryAfterSeconds: 1, longMessages: 'payload' } })).toEqual({ outcome: 'done' });
  await carrier.accept(messageTo(receivers(111_000, 5), 1));
  await until(() => carrier.reported.filter(({ final }) => final).length === 5);
  expect(other.submissions.total).toBe(5);
  await ask(pauseCarrier, { paused: true });
  await carrier.accept(messageTo(receivers(222_000, 1), 100));
  await until(async () => (await ask(cancelMessage, { account, messageId: 100 })).outcome === 'done');
  expect(await ask(cancelMessage, { account, messageId: 1 })).toEqual({ outcome: 'refused', code: 'message-sent' });
  expect(await ask(listConnectors, {})).toMatchObject({ paused: true, connectors: [{ name: 'default', bound: false }, { name: 'other', bound: true }] });
}, 60_000);

onPostgres('callbacks are signed, listed, sent again by filter and paused, failing endpoints shown', async () => {
  let status = 500;
  const endpoint = await startEndpoint((_, response) => void response.writeHead(status).end());
  const dlr = await startInstance({ service: 'dlr', databaseUrl: await newDatabase(), config: { retryScheduleMs: [] } });
  const ask = await asking(dlr);
  await setUrl(dlr.messaging, endpoint.url);
  const sealedSecret = sealing.seal(`whsec_${Buffer.alloc(32, 7).toString('base64')}`, `callback|${account}|`);
  for (let times = 0; times < 2; times += 1) expect(await ask(setCallbackDelivery, { account, userId: null, format: 'json', sealedSecret })).toEqual({ outcome: 'done' });
  expect((await ask(findCallbackDelivery, { account })).deliveries).toMatchObject([{ userId: null, format: 'json', signed: true }]);
  await dlr.accept(messageTo(receivers(111_000, 2), 1));
  await dlr.receive(reportOf(1), reportOf(2));
  await until(async () => (await ask(findQueuedCallbacks, { account, state: 'dead' })).callbacks.length === 2);
  expect((await ask(findFailingEndpoints, {})).endpoints).toMatchObject([{ account, percent: 0 }]);
  expect(await ask(replayCallbacks, { account, dryRun: true })).toEqual({ outcome: 'done', replayed: 2, superseded: 0 });
  status = 200;
  await ask(pauseCallbacks, { paused: true });
  expect(await ask(replayCallbacks, { account, fromMs: 0 })).toMatchObject({ replayed: 2 });
  expect(await ask(findQueuedCallbacks, {})).toMatchObject({ paused: true, counts: { waiting: 2, dead: 0 } });
  await ask(pauseCallbacks, { paused: false });
  await until(async () => (await ask(findQueuedCallbacks, {})).counts.delivered === 2);
  expect((await ask(findFailingEndpoints, {})).endpoints).toEqual([]);
}, 60_000);
