// Two dlrs on one database: callbacks come once and in order, whoever handles what (two-killed-and-paused has the rest).
import { startPostgres } from '@kwota/postgres/postgres-server';
import { ask, closeAll, failAfterCommit, messageTo, receivers, reportOf, setUrl, startEndpoint, startInstance, submittedOf, until } from './two-instances.js';

const server = await startPostgres();
const onPostgres = server ? it : it.skip;
afterAll(() => server?.stop());
afterEach(closeAll);

const newDatabase = async (): Promise<string> => (await server?.createDatabase()) ?? '';
const dlrOf = (databaseUrl: string) => startInstance({ service: 'dlr', databaseUrl, config: {} });

onPostgres('what is in the memory of one is not called by the other, and a final waits for it', async () => {
  const databaseUrl = await newDatabase();
  const order: string[] = [];
  const endpoint = await startEndpoint(({ dlr }, response) => {
    order.push(`${dlr} comes`);
    setTimeout(() => {
      order.push(`${dlr} ends`);
      response.end();
    }, 1_000);
  });
  const [one, other] = [await dlrOf(databaseUrl), await dlrOf(databaseUrl)];
  await setUrl(one.messaging, endpoint.url);
  await other.gainAll();
  await one.accept(messageTo(receivers(111_000, 1), 1));
  await one.receive(submittedOf(1));
  await until(() => order.length === 1);
  await other.receive(reportOf(1));
  await until(() => order.length === 4);
  expect(order).toEqual(['8 comes', '8 ends', '1 comes', '1 ends']);
  await until(async () => (await ask(databaseUrl, 'SELECT 1 FROM dlr.callback WHERE state = 2')).length === 2);
}, 20_000);

onPostgres('one that gains partitions knows the URLs that were set through the other, and the receipts that it kept', async () => {
  const databaseUrl = await newDatabase();
  const endpoint = await startEndpoint();
  const [one, other] = [await dlrOf(databaseUrl), await dlrOf(databaseUrl)];
  await setUrl(other.messaging, `${endpoint.url}/old`);
  await setUrl(one.messaging, `${endpoint.url}/new`);
  await one.receive(reportOf(1));
  await one.messaging.drain();
  await other.gainAll();
  await other.accept(messageTo(receivers(111_000, 1), 1));
  await until(() => endpoint.called.length > 0);
  expect(endpoint.called).toEqual([{ path: '/new', id: 1, dlr: '1' }]);
}, 20_000);

onPostgres('a callback that was taken though the server could not say so is called, once', async () => {
  const databaseUrl = await newDatabase();
  const endpoint = await startEndpoint();
  const dlr = await dlrOf(databaseUrl);
  await setUrl(dlr.messaging, endpoint.url);
  await dlr.accept(messageTo(receivers(111_000, 2), 1));
  await dlr.receive(reportOf(1));
  await until(() => endpoint.called.length === 1);
  const failed = failAfterCommit('INSERT INTO callback');
  await dlr.receive(reportOf(2));
  await until(() => endpoint.called.length === 2, 10_000);
  expect(failed()).toBe(true);
  expect([endpoint.of(1).length, endpoint.of(2).length]).toEqual([1, 1]);
}, 20_000);
