// Of two carriers or two dlrs on one database one is killed with -9, paused with SIGSTOP, or cut off from the database.
import { startPostgres } from '@kwota/postgres/postgres-server';
import { graceMs } from '@kwota/service-kit/instance-claims';
import type { ServerResponse } from 'node:http';
import { ask, closeAll, countsIn, cutLocks, messageTo, pause, receivers, reportOf, setUrl, simulate, spawnInstance, startEndpoint, startInstance, times, until } from './two-instances.js';

const server = await startPostgres();
// They wait most of the time.
const onPostgres = server ? it.concurrent : it.skip;
afterAll(async () => {
  await closeAll();
  await server?.stop();
});
const newDatabase = async (): Promise<string> => (await server?.createDatabase()) ?? '';

/** Longer than the others wait for a sign of a dead one, and the time between two looks. */
const pausedMs = graceMs + 3_000;
/** An SMSC or an endpoint answers after it. */
const answerMs = pausedMs + 1_000;
const takenOverMsMax = 10_000;
const windowSize = 20;
const retryScheduleMs = [2_000, 2_000, 2_000];

onPostgres('a paused carrier keeps its claims; those of one that is killed are submitted by the other, once', async () => {
  const databaseUrl = await newDatabase();
  const [theirs, ours] = [await simulate({ latencyMs: answerMs }), await simulate()];
  const carrier = await spawnInstance({ service: 'carrier', databaseUrl, config: { smscUrl: theirs.url, windowSize } });
  await startInstance({ service: 'carrier', databaseUrl, config: { smscUrl: ours.url, windowSize } });
  const submitted = async (): Promise<number> => (await ask(databaseUrl, 'SELECT 1 FROM carrier.part WHERE state = 2')).length;

  const kept = receivers(211_000, 20);
  await carrier.tell({ accept: [messageTo(kept, 1)] });
  await until(() => theirs.submissions.total === 20);
  carrier.pause();
  await pause(pausedMs);
  carrier.goOn();
  await until(async () => (await submitted()) === 20);
  expect([countsIn(theirs, kept), ours.submissions.total]).toEqual([times(1, 20), 0]);

  // More than the window: some are claimed, the others in the queue.
  const lost = receivers(311_000, 30);
  await carrier.tell({ accept: [messageTo(lost, 21)] });
  await until(() => theirs.submissions.total === 40);
  await carrier.kill();
  await until(async () => (await submitted()) === 50, takenOverMsMax);
  expect([theirs.submissions.total, countsIn(ours, lost)]).toEqual([40, times(1, 30)]);
}, 60_000);

onPostgres('a carrier whose lock is cut off takes it again: nothing is submitted twice', async () => {
  const databaseUrl = await newDatabase();
  const [theirs, ours] = [await simulate({ latencyMs: answerMs }), await simulate()];
  const cut = await startInstance({ service: 'carrier', databaseUrl, config: { smscUrl: theirs.url, windowSize } });
  await startInstance({ service: 'carrier', databaseUrl, config: { smscUrl: ours.url, windowSize } });
  const numbers = receivers(411_000, 20);
  await cut.accept(messageTo(numbers, 1));
  await until(() => theirs.submissions.total === 20);
  await cutLocks(databaseUrl, 'carrier');
  await until(() => cut.reported.filter(({ final }) => final).length === 20 || ours.submissions.total > 0, answerMs + 5_000);
  expect([countsIn(theirs, numbers), ours.submissions.total]).toEqual([times(1, 20), 0]);
}, 60_000);

onPostgres('a paused dlr keeps its callbacks; those of one that is killed are called by the other, its retries too', async () => {
  const databaseUrl = await newDatabase();
  const held: ServerResponse[] = [];
  let holdsAnswers = true;
  const endpoint = await startEndpoint(({ id }, response, calls) => {
    if (id === 3 && calls === 1) response.writeHead(500).end();
    else if (holdsAnswers) held.push(response);
    else response.end();
  });
  const living = await startInstance({ service: 'dlr', databaseUrl, config: { retryScheduleMs } });
  await setUrl(living.messaging, endpoint.url);
  const dlr = await spawnInstance({ service: 'dlr', databaseUrl, config: { retryScheduleMs } });
  const states = async (): Promise<number[]> =>
    (await ask<{ state: number }>(databaseUrl, 'SELECT state FROM dlr.callback ORDER BY "messageId"')).map(({ state }) => state);
  const [waiting, delivered] = [0, 2];

  await dlr.tell({ accept: [messageTo(receivers(111_000, 1), 1)], receive: [reportOf(1)] });
  await until(() => held.length === 1);
  dlr.pause();
  await pause(pausedMs);
  held.pop()?.end();
  dlr.goOn();
  await until(async () => (await states())[0] === delivered);
  expect(endpoint.of(1).length).toBe(1);

  await dlr.tell({ accept: [messageTo(receivers(111_000, 2), 2)], receive: [reportOf(2), reportOf(3)] });
  await until(() => held.length === 1 && endpoint.of(3).length === 1);
  await until(async () => (await states())[2] === waiting);
  await dlr.kill();
  holdsAnswers = false;
  await until(async () => (await states()).every((state) => state === delivered), takenOverMsMax);
  expect([1, 2, 3].map((messageId) => endpoint.of(messageId).length)).toEqual([1, 2, 2]);
}, 60_000);

onPostgres('the answer for a part that a carrier has claimed anew meanwhile changes nothing', async () => {
  const databaseUrl = await newDatabase();
  const simulator = await simulate({ latencyMs: 4_000 });
  const carrier = await startInstance({ service: 'carrier', databaseUrl, config: { smscUrl: simulator.url } });
  await carrier.accept(messageTo(receivers(111_000, 5), 1));
  await until(() => simulator.submissions.total === 5);
  // As when it was cut off for so long that another took over, and gave up again.
  await ask(databaseUrl, 'DELETE FROM carrier.instance_epoch');
  await until(() => simulator.submissions.total === 10);
  const submittedSmscIds = () => carrier.reported.flatMap(({ stage, raw }) => (stage === 'submitted' ? [raw.smscId] : []));
  await until(() => submittedSmscIds().length >= 5, 10_000);
  expect(submittedSmscIds()).toEqual(simulator.submissions.all().slice(5).map(({ smscId }) => smscId));
}, 20_000);
