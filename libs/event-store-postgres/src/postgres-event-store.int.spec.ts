import { AppendFailed, noStreamYet, type AppendOutcome, type EventToAppend, type StreamAppend } from '@kwota/event-store';
import { eventStoreConformance } from '@kwota/event-store/conformance';
import { startPostgres } from '@kwota/postgres/postgres-server';
import fc from 'fast-check';
import { inspect } from 'node:util';
import { Client } from 'pg';
import { EventsMissing, PostgresEventStore, type PostgresEventStoreOptions } from './postgres-event-store.js';

const server = await startPostgres();
const onPostgres = server ? describe : describe.skip;
afterAll(() => server?.stop());
const url = server?.url ?? '';
/** All of them together take some seconds; this is for a machine that others use, too. */
const timeoutMs = 30_000;
const databaseOf = async (): Promise<string> => (await server?.createDatabase()) ?? '';

onPostgres('on a real server', () => {
  const schemaOf = (place: string): string => place.replaceAll('-', '_');
  /** The server's own answer, in the middle of a commit's rows. */
  const fill = async (place: string): Promise<() => Promise<void>> => {
    const schema = schemaOf(place);
    await ask(url, `CREATE FUNCTION ${schema}.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full USING MESSAGE = 'could not extend file'; END $$`);
    await ask(url, `CREATE TRIGGER full_disk BEFORE INSERT ON ${schema}.events FOR EACH ROW WHEN (NEW.revision = 40) EXECUTE FUNCTION ${schema}.full_disk()`);
    return async () => void (await ask(url, `DROP FUNCTION ${schema}.full_disk() CASCADE`));
  };
  /** All processes killed, and the last record of the write-ahead log, the append's commit, cut off in its middle. */
  const tear = async (place: string, append: () => Promise<unknown>): Promise<string> => {
    await append();
    await server?.killWithTornLog();
    await server?.start();
    return place;
  };
  eventStoreConformance('PostgresEventStore', (place) => PostgresEventStore.open({ url, schema: schemaOf(place) }), { fill, tear });
});

const event = (id: string, data = id): EventToAppend => ({ id, type: 'Ticked', data: Buffer.from(data), hash: Buffer.alloc(32, id) });
const one = (stream: string, expectedRevision = noStreamYet): StreamAppend[] => [
  { stream, expectedRevision, events: [event(`${stream}/${expectedRevision + 1}`)] },
];
const idsOf = async (events: AsyncIterable<{ id: string }>): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { id } of events) ids.push(id);
  return ids;
};
const ask = async (database: string, sql: string): Promise<Record<string, unknown>[]> => {
  const client = new Client(database);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

/** What `append` must say, over lists in memory: the port's sentences, one after the other. */
const modelOf = () => {
  const streams = new Map<string, EventToAppend[]>();
  return ({ stream, expectedRevision, events }: StreamAppend): AppendOutcome => {
    const stored = streams.get(stream) ?? [];
    const actualRevision = stored.length - 1;
    const isSame = ({ id, hash }: EventToAppend, at: number): boolean => {
      const there = stored[expectedRevision + 1 + at];
      return there !== undefined && there.id === id && Buffer.compare(there.hash, hash) === 0;
    };
    if (expectedRevision === actualRevision) streams.set(stream, [...stored, ...events]);
    else if (events.length === 0 || !events.every(isSame)) return { stream, appended: false, actualRevision };
    return { stream, appended: true, revision: expectedRevision + events.length };
  };
};

onPostgres('append', () => {
  it('says what the port says, for any batches, also those of calls at the same time', async () => {
    const ids = fc.array(fc.constantFrom('x', 'y'), { maxLength: 3 });
    const append = fc.record({ stream: fc.constantFrom('a/', 'b/'), expectedRevision: fc.integer({ min: -1, max: 5 }), events: ids.map((of) => of.map((id) => event(id))) });
    const calls = fc.array(fc.array(fc.array(append, { maxLength: 6 }), { maxLength: 4 }), { maxLength: 4 });
    const store = await PostgresEventStore.open({ url, schema: 'any_batches' });
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(calls, async (rounds) => {
        const model = modelOf();
        const run = (runs += 1);
        for (const round of rounds) {
          const batches = round.map((batch) => batch.map((of) => ({ ...of, stream: of.stream + run })));
          expect(await Promise.all(batches.map((batch) => store.append(batch)))).toEqual(batches.map((batch) => batch.map(model)));
        }
      }),
      { numRuns: 100 },
    );
    await store.close();
  }, timeoutMs);

  it('refuses what no table holds before anything of it is written, and spoils no other call', async () => {
    const store = await PostgresEventStore.open({ url, schema: 'unfit' });
    const outcomes = await Promise.allSettled([
      store.append(one('a')),
      store.append([...one('b'), { stream: 'b', expectedRevision: 0, events: [event('nul\0')] }]),
      store.append(one('c'.repeat(801))),
      store.append([{ stream: 'd', expectedRevision: 0.5, events: [] }]),
    ]);
    expect(outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as Error).name : 'appended'))).toEqual(['appended', 'RangeError', 'RangeError', 'RangeError']);
    expect(await idsOf(store.readAll())).toEqual(['a/0']);
    expect(await store.append(one('ż'.repeat(800)))).toMatchObject([{ appended: true }]);
    await store.close();
  });

  it('more than a commit takes goes into several, in order, and long events fill a page alone', async () => {
    const store = await PostgresEventStore.open({ url, schema: 'large' });
    const counts = [5_000, 5_000, 5_000];
    const many = await Promise.all(
      counts.map((count, call) =>
        store.append([{ stream: 'a', expectedRevision: 5_000 * call - 1, events: Array.from({ length: count }, (_, index) => event(`${call}/${index}`)) }]),
      ),
    );
    expect(many.flat()).toEqual([4_999, 9_999, 14_999].map((revision) => ({ stream: 'a', appended: true, revision })));
    const long = 'x'.repeat(9 * 1024 * 1024);
    await Promise.all([0, 1, 2].map((revision) => store.append([{ stream: 'long', expectedRevision: revision - 1, events: [event(`long/${revision}`, long)] }])));
    expect(await idsOf(store.readAll(14_999))).toEqual(['2/4998', '2/4999', 'long/0', 'long/1', 'long/2']);
    await store.close();
  });
});

onPostgres('opening', () => {
  it('of several instances at once on an empty database makes one store', async () => {
    const database = await databaseOf();
    const stores = await Promise.all(Array.from({ length: 8 }, () => PostgresEventStore.open({ url: database })));
    await Promise.all(stores.map((store, index) => store.append(one(`s${index}`))));
    for (const store of stores) expect(await store.streams()).toHaveLength(8);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('of a schema of another format is refused, to write and to read', async () => {
    const database = await databaseOf();
    await (await PostgresEventStore.open({ url: database })).close();
    await ask(database, 'UPDATE ledger_events.format SET version = 2');
    for (const open of [PostgresEventStore.open, PostgresEventStore.openReadOnly])
      await expect(open({ url: database })).rejects.toThrow('no event store of format 1: the schema ledger_events says 2');
  });

  it('of a database that cannot hold every text is refused', async () => {
    await ask(url, "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
    const latin = Object.assign(new URL(url), { pathname: '/latin' }).href;
    await expect(PostgresEventStore.open({ url: latin })).rejects.toThrow("encoding is LATIN1, not UTF8");
  });

  it('to read makes nothing where there is nothing', async () => {
    const database = await databaseOf();
    await expect(PostgresEventStore.openReadOnly({ url: database })).rejects.toThrow('there is no event store in the schema ledger_events');
    expect(await ask(database, "SELECT to_regnamespace('ledger_events') AS found")).toEqual([{ found: null }]);
  });

  it.each(['ftp://user:secret-word@127.0.0.1/x', 'secret-word', 'postgres://user:secret-word@127.0.0.1:1/x', `${url.replace(/\/\/.*?@/, '//kwota:secret-word@')}`])(
    'tells nothing of the URL when it fails: %#',
    async (wrong) => {
      const troubles: Error[] = [];
      const options: PostgresEventStoreOptions = { url: wrong, onTrouble: (error) => troubles.push(error) };
      const error: unknown = await PostgresEventStore.open(options).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ message: expect.stringMatching(/no URL|ECONNREFUSED|password authentication failed/) });
      expect(inspect([error, troubles], { depth: 20, showHidden: true })).not.toContain('secret-word');
    },
  );

  it('a schema must be a plain name', async () =>
    expect(PostgresEventStore.open({ url, schema: 'x"; DROP SCHEMA y; --' })).rejects.toThrow(RangeError));

  it("sets its own durability and isolation, whatever the database's are", async () => {
    const database = await databaseOf();
    const name = new URL(database).pathname.slice(1);
    const settings = ['synchronous_commit = off', 'default_transaction_isolation = serializable', 'bytea_output = escape', 'default_transaction_read_only = on'];
    for (const setting of settings) await ask(database, `ALTER DATABASE ${name} SET ${setting}`);
    const store = await PostgresEventStore.open({ url: database });
    await ask(
      database,
      `BEGIN READ WRITE; CREATE TABLE seen (setting text);
       CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO public.seen VALUES (current_setting('synchronous_commit')), (current_setting('transaction_isolation')); RETURN NULL; END $$;
       CREATE TRIGGER look AFTER INSERT ON ledger_events.events EXECUTE FUNCTION look(); COMMIT`,
    );
    expect(await store.append(one('a'))).toMatchObject([{ appended: true }]);
    expect(await ask(database, 'SELECT setting FROM seen')).toEqual([{ setting: 'on' }, { setting: 'read committed' }]);
    expect(await idsOf(store.readAll())).toEqual(['a/0']);
    await store.close();
  });
});

onPostgres('opened to read', () => {
  it('sees what a writer appends meanwhile, by a role that may only look', async () => {
    const database = await databaseOf();
    const store = await PostgresEventStore.open({ url: database });
    await store.append(one('a'));
    await ask(database, `CREATE ROLE auditor LOGIN PASSWORD 'audit'; GRANT USAGE ON SCHEMA ledger_events TO auditor; GRANT SELECT ON ALL TABLES IN SCHEMA ledger_events TO auditor`);
    const reader = await PostgresEventStore.openReadOnly({ url: Object.assign(new URL(database), { username: 'auditor', password: 'audit' }).href });
    expect(await idsOf(reader.readAll())).toEqual(['a/0']);
    await store.append([...one('a', 0), ...one('b')]);
    expect(await idsOf(reader.readStream('a'))).toEqual(['a/0', 'a/1']);
    expect(await idsOf(reader.readAll(2))).toEqual(['a/1', 'b/0']);
    expect(await reader.streams()).toEqual([
      { stream: 'a', revision: 1 },
      { stream: 'b', revision: 0 },
    ]);
    expect(reader.health()).toEqual({ ready: true, reasons: [] });
    await reader.close();
    await store.close();
  });

  it('reads what is left where events were taken out, and tells of the gap; a writer does not go on from it', async () => {
    const database = await databaseOf();
    const store = await PostgresEventStore.open({ url: database });
    for (const expectedRevision of [-1, 0, 1]) await store.append(one('a', expectedRevision));
    await ask(database, 'DELETE FROM ledger_events.events WHERE position = 2');
    await expect(idsOf(store.readAll())).rejects.toThrow(EventsMissing);
    const reader = await PostgresEventStore.openReadOnly({ url: database });
    expect(await idsOf(reader.readAll())).toEqual(['a/0', 'a/2']);
    await expect(idsOf(reader.readStream('a'))).rejects.toThrow('revision 1 of a is gone');
    await reader.close();
    await store.close();
  });
});

onPostgres('an append that breaks a constraint', () => {
  it('is an AppendFailed that has written nothing: the last line against what bypasses the procedure', async () => {
    const database = await databaseOf();
    const store = await PostgresEventStore.open({ url: database });
    await ask(
      database,
      `CREATE FUNCTION clash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF NEW.stream = 'clash' THEN NEW.stream := 'a'; END IF; RETURN NEW; END $$;
       CREATE TRIGGER clash BEFORE INSERT ON ledger_events.events FOR EACH ROW EXECUTE FUNCTION clash()`,
    );
    await store.append(one('a'));
    await expect(store.append([...one('b'), ...one('clash')])).rejects.toThrow(AppendFailed);
    expect(store.health()).toEqual({ ready: false, reasons: ['the last append failed (23505)'] });
    expect(await idsOf(store.readAll())).toEqual(['a/0']);
    await store.append(one('b'));
    expect(store.health().ready).toBe(true);
    await store.close();
  });
});
