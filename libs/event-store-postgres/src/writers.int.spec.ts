// Several writers and readers on one store at the same time.
import { createHash } from 'node:crypto';
import { noStreamYet, type EventToAppend, type StoredEvent } from '@kwota/event-store';
import { startPostgres } from '@kwota/postgres/postgres-server';
import { Client } from 'pg';
import { PostgresEventStore } from './postgres-event-store.js';

const server = await startPostgres();
const onPostgres = server ? describe : describe.skip;
afterAll(() => server?.stop());
/** The slowest test takes two seconds; this is for a machine that others use, too. */
const timeoutMs = 30_000;

onPostgres('several at once', () => {
  let url: string;
  let stores: PostgresEventStore[];
  const open = async (): Promise<PostgresEventStore> => {
    const store = await PostgresEventStore.open({ url });
    stores.push(store);
    return store;
  };
  beforeEach(async () => {
    url = (await server?.createDatabase()) ?? '';
    stores = [];
  });
  afterEach(() => Promise.all(stores.map((store) => store.close())));
  const readAll = async (store: PostgresEventStore, from = 1): Promise<StoredEvent[]> => {
    const events: StoredEvent[] = [];
    for await (const event of store.readAll(from)) events.push(event);
    return events;
  };

  /** As the ledger makes them: each hash over the one before. */
  const chained = (previous: Uint8Array, id: string): EventToAppend => {
    const data = Buffer.from(id);
    return { id, type: 'CreditsHeld', data, hash: createHash('sha256').update(previous).update(data).digest() };
  };
  const beginning = new Uint8Array(32);

  it('three writers on the same ten streams: each revision has one owner, and the chain of hashes stays whole', async () => {
    const streams = Array.from({ length: 10 }, (_, index) => `s${index}`);
    const owned = new Map<string, string>();
    let refusals = 0;
    const write = async (name: string): Promise<void> => {
      const store = await open();
      const heads = new Map<string, { revision: number; hash: Uint8Array }>();
      const reload = async (stream: string): Promise<void> => {
        for await (const { revision, hash } of store.readStream(stream, (heads.get(stream)?.revision ?? -1) + 1)) heads.set(stream, { revision, hash });
      };
      const turn = async (stream: string): Promise<void> => {
        for (let appended = 0; appended < 20; ) {
          const head = heads.get(stream) ?? { revision: noStreamYet, hash: beginning };
          const first = chained(head.hash, `${name}/${stream}/${appended}`);
          const events = [first, chained(first.hash, `${name}/${stream}/${appended}+`)];
          const [outcome] = await store.append([{ stream, expectedRevision: head.revision, events }]);
          if (outcome!.appended) {
            events.forEach(({ id }, index) => {
              const place = `${stream}/${head.revision + 1 + index}`;
              expect(owned.has(place)).toBe(false);
              owned.set(place, id);
            });
            heads.set(stream, { revision: outcome!.revision, hash: events[1]!.hash });
            appended += 1;
          } else {
            refusals += 1;
            await reload(stream);
          }
        }
      };
      await Promise.all(streams.map(turn));
    };
    await Promise.all(['first', 'second', 'third'].map(write));
    const stored = await readAll(await open());
    expect(new Map(stored.map(({ stream, revision, id }) => [`${stream}/${revision}`, id]))).toEqual(owned);
    expect(stored).toHaveLength(3 * 10 * 20 * 2);
    const hashes = new Map<string, Uint8Array>();
    for (const { stream, data, hash } of stored) {
      expect(createHash('sha256').update(hashes.get(stream) ?? beginning).update(data).digest().equals(hash)).toBe(true);
      hashes.set(stream, hash);
    }
    expect(refusals).toBeGreaterThan(0);
  }, timeoutMs);

  it('a commit that is slow to become visible holds back those after it, so that a racing reader skips none', async () => {
    const writers = [await open(), await open(), await open()];
    const admin = new Client(url);
    await admin.connect();
    // Between the insert, which has its positions, and the commit record.
    await admin.query(`
      CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(random() * 0.02); RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON ledger_events.events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.revision % 2 = 0) EXECUTE FUNCTION linger()`);
    await admin.end();
    const reader = await PostgresEventStore.openReadOnly({ url });
    let writing = true;
    const writes = Promise.all(
      writers.map(async (writer, index) => {
        for (let revision = noStreamYet; revision < 59; revision += 1)
          expect(await writer.append([{ stream: `s${index}`, expectedRevision: revision, events: [chained(beginning, `s${index}/${revision + 1}`)] }])).toMatchObject([{ appended: true }]);
      }),
    ).then(() => (writing = false));
    const positions: number[] = [];
    for (let last = false; !last; ) {
      last = !writing;
      for await (const { position } of reader.readAll(positions.length + 1)) positions.push(position);
    }
    await writes;
    await reader.close();
    expect(positions).toEqual(Array.from({ length: 180 }, (_, index) => index + 1));
  }, timeoutMs);

  it('marks saved by several at once, in any order, are the highest of each', async () => {
    const writers = [await open(), await open(), await open()];
    const names = Array.from({ length: 200 }, (_, index) => `s${index}`);
    await Promise.all(
      writers.flatMap((writer, which) =>
        [1, 2, 3].map((round) => {
          const ordered = which === 1 ? names.toReversed() : names;
          return writer.saveMarks('published', new Map(ordered.map((stream) => [stream, 10 * round + which])));
        }),
      ),
    );
    expect(await writers[0]!.loadMarks('published')).toEqual(new Map(names.map((stream) => [stream, 32])));
  }, timeoutMs);

  it('of many long reads at once appends are not held up', async () => {
    const store = await open();
    for (let revision = noStreamYet; revision < 19_999; revision += 5_000)
      await store.append([{ stream: 'a', expectedRevision: revision, events: Array.from({ length: 5_000 }, (_, index) => chained(beginning, `a/${revision + 1 + index}`)) }]);
    let reading = true;
    const reads = Promise.all(Array.from({ length: 8 }, async () => (await readAll(store)).length)).finally(() => (reading = false));
    let appended = 0;
    while (reading) {
      await store.append([{ stream: 'b', expectedRevision: appended - 1, events: [chained(beginning, `b/${appended}`)] }]);
      appended += 1;
    }
    for (const count of await reads) expect(count).toBeGreaterThanOrEqual(20_000);
    expect(appended).toBeGreaterThan(0);
  }, timeoutMs);
});
