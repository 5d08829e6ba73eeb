// Two carriers on one database submit each part once (two-killed-and-paused has the rest).
import { startPostgres } from '@kwota/postgres/postgres-server';
import { closeAll, countsIn, failAfterCommit, messageTo, pause, receivers, simulate, startInstance, times, until } from './two-instances.js';

const server = await startPostgres();
const onPostgres = server ? it : it.skip;
afterAll(() => server?.stop());
afterEach(closeAll);

onPostgres('each part is submitted once, whoever starts and stops, and its receipt reported, whoever gets it', async () => {
  const databaseUrl = (await server?.createDatabase()) ?? '';
  const simulator = await simulate({ latencyMs: 2 });
  const start = () => startInstance({ service: 'carrier', databaseUrl, config: { smscUrl: simulator.url, windowSize: 20 } });
  const [one, other] = await Promise.all([start(), start()]);
  const numbers = receivers(111_000, 900);
  await one.accept(messageTo(numbers.slice(0, 300), 1));
  await other.accept(messageTo(numbers.slice(300, 600), 301));
  await until(() => simulator.submissions.total > 150);
  await other.close();
  const again = await start();
  await again.accept(messageTo(numbers.slice(600), 601));
  const finals = () => [one, other, again].flatMap(({ reported }) => reported.filter(({ final }) => final).map(({ messageId }) => messageId));
  await until(() => new Set(finals()).size === 900, 15_000);
  expect(countsIn(simulator, numbers)).toEqual(times(1, 900));
}, 30_000);

onPostgres('a claim that was committed though the server could not say so is submitted, once', async () => {
  const databaseUrl = (await server?.createDatabase()) ?? '';
  const simulator = await simulate();
  const carrier = await startInstance({ service: 'carrier', databaseUrl, config: { smscUrl: simulator.url } });
  const numbers = receivers(111_000, 10);
  await carrier.accept(messageTo(numbers.slice(0, 5), 1));
  await until(() => simulator.submissions.total === 5);
  const failed = failAfterCommit('INSERT INTO part');
  await carrier.accept(messageTo(numbers.slice(5), 6));
  await until(() => simulator.submissions.total === 10);
  expect(failed()).toBe(true);
  expect(countsIn(simulator, numbers)).toEqual(times(1, 10));
}, 15_000);

onPostgres('when the server is killed and starts again both go on by themselves, and nothing is submitted twice', async () => {
  const databaseUrl = (await server?.createDatabase()) ?? '';
  const simulator = await simulate({ latencyMs: 5_000 });
  const start = () => startInstance({ service: 'carrier', databaseUrl, config: { smscUrl: simulator.url, windowSize: 20 } });
  const carriers = [await start(), await start()];
  const numbers = receivers(111_000, 60);
  await carriers[0]?.accept(messageTo(numbers.slice(0, 20), 1));
  await until(() => simulator.submissions.total === 20);
  await server?.kill();
  await pause(2_000);
  // What comes while it is away waits in the log.
  await carriers[1]?.accept(messageTo(numbers.slice(20), 21));
  await pause(1_000);
  await server?.start();
  const finals = () => new Set(carriers.flatMap(({ reported }) => reported.filter(({ final }) => final).map(({ messageId }) => messageId)));
  await until(() => finals().size === 60, 30_000);
  expect(countsIn(simulator, numbers)).toEqual(times(1, 60));
}, 45_000);
