import { Client } from 'pg';
import { startPostgres } from './postgres-server.js';

const server = await startPostgres();
const onPostgres = server ? it : it.skip;
afterAll(() => server?.stop());

const ask = async (url: string, sql: string): Promise<unknown[]> => {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};

onPostgres('each database is empty, and what is in one is not in another', async () => {
  if (!server) return;
  const other = await server.createDatabase();
  await ask(server.url, 'CREATE TABLE one AS SELECT 1 AS n');
  expect(await ask(server.url, 'SELECT n FROM one')).toEqual([{ n: 1 }]);
  expect(await ask(other, "SELECT to_regclass('one') AS found")).toEqual([{ found: null }]);
});

onPostgres('nobody comes in without its password', async () => {
  const url = new URL(server?.url ?? '');
  url.password = 'another';
  await expect(ask(url.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
});

onPostgres('a server that was stopped is gone', async () => {
  const passing = await startPostgres();
  await passing?.stop();
  await expect(ask(passing?.url ?? '', 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

onPostgres('a server that was killed starts again with what was committed', async () => {
  const killed = await startPostgres();
  if (!killed) return;
  await ask(killed.url, 'CREATE TABLE one AS SELECT 1 AS n');
  await killed.kill();
  await expect(ask(killed.url, 'SELECT n FROM one')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await killed.start();
  expect(await ask(killed.url, 'SELECT n FROM one')).toEqual([{ n: 1 }]);
  await killed.stop();
});

onPostgres('a server that was killed with a torn log starts again without its last commit', async () => {
  const killed = await startPostgres();
  if (!killed) return;
  await ask(killed.url, 'CREATE TABLE one AS SELECT 1 AS n');
  await ask(killed.url, 'INSERT INTO one VALUES (2)');
  await killed.killWithTornLog();
  await killed.start();
  expect(await ask(killed.url, 'SELECT n FROM one')).toEqual([{ n: 1 }]);
  await killed.stop();
});

onPostgres('a server that was paused answers when it goes on', async () => {
  const paused = await startPostgres();
  if (!paused) return;
  paused.pause();
  const answer = ask(paused.url, 'SELECT 1 AS n').then((rows) => ({ rows, atMs: Date.now() }));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const resumedAtMs = Date.now();
  paused.resume();
  const { rows, atMs } = await answer;
  expect(rows).toEqual([{ n: 1 }]);
  expect(atMs).toBeGreaterThanOrEqual(resumedAtMs);
  await paused.stop();
});
