// What an append says when the server, a connection or another session fails in the middle, and that the next one is in order again.
import { AppendFailed, noStreamYet, type EventToAppend, type StreamAppend } from '@kwota/event-store';
import { openProxy } from '@kwota/postgres/connection-proxy';
import { startPostgres } from '@kwota/postgres/postgres-server';
import { inspect } from 'node:util';
import { Client } from 'pg';
import { appendLock } from './event-schema.js';
import { PostgresEventStore, type PostgresEventStoreOptions } from './postgres-event-store.js';
import { defaultTimeouts, openPool } from './sessions.js';

const server = await startPostgres();
const onPostgres = server ? describe : describe.skip;
afterAll(() => server?.stop());
/** The slowest test takes three seconds; this is for a machine that others use, too. */
const timeoutMs = 30_000;

const schema = 'ledger_events';
const event = (id: string): EventToAppend => ({ id, type: 'Ticked', data: Buffer.from(id), hash: Buffer.alloc(32, id) });
const one = (stream: string, expectedRevision = noStreamYet): StreamAppend[] => [
  { stream, expectedRevision, events: [event(`${stream}/${expectedRevision + 1}`)] },
];
const idsOf = async (store: PostgresEventStore): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { id } of store.readAll()) ids.push(id);
  return ids;
};
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (holds: () => boolean): Promise<void> => {
  for (const giveUpAtMs = Date.now() + 10_000; !holds(); await pause(10)) if (Date.now() > giveUpAtMs) throw new Error('It did not come about within ten seconds.');
};
/** Again and again until the store says that it is durable, as the ledger does when nothing else has come between. */
const untilAppended = async (store: PostgresEventStore, batch: readonly StreamAppend[]): Promise<number> => {
  for (let failures = 0; ; failures += 1) {
    try {
      expect(await store.append(batch)).toEqual(batch.map(({ stream, expectedRevision, events }) => ({ stream, appended: true, revision: expectedRevision + events.length })));
      return failures;
    } catch (error) {
      if (!(error instanceof AppendFailed)) throw error;
      await pause(20);
    }
  }
};

onPostgres('when something fails', () => {
  let url: string;
  let admin: Client;
  let stores: PostgresEventStore[];
  let troubles: Error[];
  const open = async (options: Partial<PostgresEventStoreOptions> = {}): Promise<PostgresEventStore> => {
    const store = await PostgresEventStore.open({ url, onTrouble: (error) => troubles.push(error), ...options });
    stores.push(store);
    return store;
  };
  const connectAdmin = async (): Promise<void> => {
    admin = new Client(url);
    admin.on('error', () => undefined);
    await admin.connect();
  };
  /** A commit that hangs, before it is durable, for as long as the stream's name says. */
  const makeCommitsOfSlowStreams = (ms: number) =>
    admin.query(`
      CREATE FUNCTION wait_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(${ms / 1_000}); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON ${schema}.events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.stream = 'slow') EXECUTE FUNCTION wait_at_commit()`);
  const terminateAllOthers = () =>
    admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'");
  beforeEach(async () => {
    url = (await server?.createDatabase()) ?? '';
    stores = [];
    troubles = [];
    await connectAdmin();
  });
  afterEach(async () => {
    for (const store of stores) await store.close();
    await admin.end();
    expect(inspect(troubles, { depth: 20, showHidden: true })).not.toContain(new URL(url).password);
  }, timeoutMs);

  it('an answer that never came may stand for a durable append: it fails, and the same again is known', async () => {
    const proxy = await openProxy(url);
    const store = await open({ url: proxy.url });
    await store.append(one('a'));
    proxy.answerNothing();
    await expect(store.append([...one('a', 0), ...one('b')])).rejects.toThrow(AppendFailed);
    expect(store.health()).toEqual({ ready: false, reasons: [expect.stringContaining('the last append failed')] });
    proxy.answerAgain();
    expect(await store.append([...one('a', 0), ...one('b')])).toEqual([
      { stream: 'a', appended: true, revision: 1 },
      { stream: 'b', appended: true, revision: 0 },
    ]);
    expect(store.health().ready).toBe(true);
    expect(await idsOf(store)).toEqual(['a/0', 'a/1', 'b/0']);
    await store.close();
    proxy.close();
  }, timeoutMs);

  it('a server killed before its commit was durable has written nothing; the store is not ready until it is back, though nobody appends', async () => {
    const store = await open();
    await store.append(one('a'));
    await makeCommitsOfSlowStreams(1_000);
    const appended = store.append(one('slow'));
    await pause(200);
    const failed = expect(appended).rejects.toThrow(AppendFailed);
    await server?.kill();
    await failed;
    expect(store.health().ready).toBe(false);
    await expect(store.append(one('b'))).rejects.toThrow(AppendFailed);
    await pause(1_200);
    expect(store.health()).toEqual({ ready: false, reasons: ['the last append failed (ECONNREFUSED)'] });
    await server?.start();
    await until(() => store.health().ready);
    expect(await idsOf(store)).toEqual(['a/0']);
    await untilAppended(store, one('slow'));
    expect(await idsOf(store)).toEqual(['a/0', 'slow/0']);
  }, timeoutMs);

  it('a server that goes away while nobody appends is noticed, and when it comes back, too', async () => {
    const store = await open();
    await store.append(one('a'));
    await server?.kill();
    await until(() => !store.health().ready);
    await server?.start();
    await until(() => store.health().ready);
    // Told once, not with each probe: of each connection, and of the first probe that failed.
    expect(troubles.length).toBeLessThan(6);
  }, timeoutMs);

  it('a server killed and started while appends run: repeated until it is durable, each append is there once', async () => {
    const store = await open();
    let writing = true;
    const write = async (stream: string): Promise<{ appended: number; failures: number }> => {
      let failures = 0;
      let revision = noStreamYet;
      for (; writing; revision += 1) failures += await untilAppended(store, one(stream, revision));
      return { appended: revision + 1, failures };
    };
    const writers = Promise.all(['a', 'b', 'c'].map(write));
    for (let round = 0; round < 4; round += 1) {
      await pause(100 + 37 * round);
      await server?.kill();
      await server?.start();
    }
    await pause(200);
    writing = false;
    const written = await writers;
    for (const [index, stream] of ['a', 'b', 'c'].entries())
      expect((await idsOf(store)).filter((id) => id.startsWith(stream))).toEqual(Array.from({ length: written[index]!.appended }, (_, revision) => `${stream}/${revision}`));
    expect(Math.min(...written.map(({ failures }) => failures))).toBeGreaterThan(0);
  }, timeoutMs);

  it('connections cut off again and again while appends and reads run: nothing is doubled or lost, and nothing ends the process', async () => {
    const store = await open();
    let cutting = true;
    const cut = (async () => {
      while (cutting) {
        await terminateAllOthers();
        await pause(15);
      }
    })();
    let failures = 0;
    for (let revision = noStreamYet; revision < 199 || failures < 5; revision += 1) failures += await untilAppended(store, one('a', revision));
    cutting = false;
    await cut;
    const ids = await idsOf(await open());
    expect(ids).toEqual(ids.map((_, revision) => `a/${revision}`));
    expect(ids.length).toBeGreaterThanOrEqual(200);
  }, timeoutMs);

  it('a server that stands still is given up, and what it does when it goes on is not done twice', async () => {
    const store = await open({ timeouts: { connectMs: 300, answerMs: 300 } });
    await store.append(one('a'));
    server?.pause();
    await expect(store.append(one('a', 0))).rejects.toThrow(AppendFailed);
    await expect(store.append(one('b'))).rejects.toThrow(AppendFailed);
    expect(store.health().ready).toBe(false);
    server?.resume();
    await until(() => store.health().ready);
    await untilAppended(store, one('a', 0));
    expect((await idsOf(store)).filter((id) => id.startsWith('a'))).toEqual(['a/0', 'a/1']);
  }, timeoutMs);

  it('a lock held by somebody else is waited for in vain: nothing was written, and ready is who could write again', async () => {
    const store = await open({ timeouts: { lockMs: 200 } });
    await store.append(one('a'));
    await admin.query(`BEGIN; SELECT ${appendLock(schema)}`);
    await expect(store.append(one('a', 0))).rejects.toThrow(AppendFailed);
    expect(store.health()).toEqual({ ready: false, reasons: ['the last append failed (55P03)'] });
    await pause(1_300);
    expect(store.health().ready).toBe(false);
    await admin.query('COMMIT');
    await until(() => store.health().ready);
    expect(await idsOf(store)).toEqual(['a/0']);
  }, timeoutMs);

  it('a session of ours that holds the lock and says nothing more is thrown out, and the others go on', async () => {
    const store = await open();
    const lost: Error[] = [];
    const pool = openPool({ url, access: 'write', sessionsMax: 1, timeouts: { ...defaultTimeouts, idleInTransactionMs: 300 }, onLost: (error) => lost.push(error) });
    const silent = await pool.connect();
    silent.on('error', (error) => lost.push(error));
    await silent.query(`BEGIN; SELECT ${appendLock(schema)}; INSERT INTO ${schema}.events VALUES (1, 'a', 0, 'silent', 'Ticked', '', decode(repeat('00', 32), 'hex'))`);
    expect(await store.append(one('a'))).toEqual([{ stream: 'a', appended: true, revision: 0 }]);
    await expect(silent.query('COMMIT')).rejects.toThrow();
    expect(await idsOf(store)).toEqual(['a/0']);
    expect(lost[0]).toMatchObject({ code: '25P03' });
    silent.release(true);
    await pool.end();
  }, timeoutMs);

  it('a writer that stands still in the middle of its message holds the lock from nobody', async () => {
    const proxy = await openProxy(url);
    const broken = await open({ url: proxy.url, timeouts: { answerMs: 1_000 } });
    const other = await open({ timeouts: { lockMs: 500 } });
    await broken.append(one('a'));
    proxy.breakOff();
    const failed = expect(broken.append(one('a', 0))).rejects.toThrow(AppendFailed);
    await pause(100);
    // It was done all the same: only the answer waits for the message's end.
    expect(await other.append(one('a', 1))).toEqual([{ stream: 'a', appended: true, revision: 2 }]);
    await failed;
    expect(await idsOf(other)).toEqual(['a/0', 'a/1', 'a/2']);
    proxy.close();
    await broken.close();
  }, timeoutMs);

  it('a commit that outlasts its statement fails; a later one is in order', async () => {
    const store = await open({ timeouts: { statementMs: 200 } });
    await makeCommitsOfSlowStreams(1_000);
    await expect(store.append([...one('slow'), ...one('a')])).rejects.toThrow(AppendFailed);
    expect(await store.append(one('a'))).toEqual([{ stream: 'a', appended: true, revision: 0 }]);
    expect(await idsOf(store)).toEqual(['a/0']);
  }, timeoutMs);

  it('a wait for a replica that is given up is no success, though the server says so', async () => {
    const store = await open({ timeouts: { statementMs: 300 } });
    await store.append(one('a'));
    const waitFor = async (replica: string): Promise<void> => {
      await admin.query(`ALTER SYSTEM SET synchronous_standby_names = '${replica}'`);
      await admin.query('SELECT pg_reload_conf()');
      await pause(100);
    };
    await waitFor('nobody');
    // The second time it is there already, and the replica has it no more than before.
    for (let time = 0; time < 2; time += 1) await expect(store.append(one('a', 0))).rejects.toThrow(AppendFailed);
    expect(store.health()).toEqual({ ready: false, reasons: [expect.stringContaining('canceling wait for synchronous replication')] });
    await waitFor('');
    expect(await store.append(one('a', 0))).toEqual([{ stream: 'a', appended: true, revision: 1 }]);
    expect(await idsOf(store)).toEqual(['a/0', 'a/1']);
  }, timeoutMs);

  it('a disk that takes no more makes appends fail and the store not ready; the one that fits goes through', async () => {
    const store = await open();
    await admin.query(`
      CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full USING MESSAGE = 'could not extend file'; END $$;
      CREATE TRIGGER full_disk BEFORE INSERT ON ${schema}.events EXECUTE FUNCTION full_disk()`);
    await expect(store.append(one('a'))).rejects.toThrow(AppendFailed);
    expect(store.health()).toEqual({ ready: false, reasons: ['the last append failed (53100)'] });
    await admin.query(`DROP TRIGGER full_disk ON ${schema}.events`);
    await untilAppended(store, one('a'));
    expect(store.health().ready).toBe(true);
  }, timeoutMs);

  it('a store that is closed while an append runs lets it finish', async () => {
    const store = await open();
    await makeCommitsOfSlowStreams(300);
    const appended = store.append(one('slow'));
    await pause(100);
    await store.close();
    expect(await appended).toEqual([{ stream: 'slow', appended: true, revision: 0 }]);
    await expect(store.append(one('a'))).rejects.toThrow('closed');
  }, timeoutMs);
});
