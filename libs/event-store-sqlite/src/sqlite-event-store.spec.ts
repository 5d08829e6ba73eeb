import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppendFailed, noStreamYet, type EventToAppend } from '@kwota/event-store';
import { eventStoreConformance } from '@kwota/event-store/conformance';
import { DurableDatabase } from '@kwota/service-kit/sqlite';
import { SqliteEventStore } from './sqlite-event-store.js';

const folder = mkdtempSync(join(tmpdir(), 'kwota-event-store-'));
afterAll(() => rmSync(folder, { recursive: true }));
const pathOf = (name: string): string => join(folder, `${name}.db`);

/** As SQLite says it; crash.int.spec.ts has the kernel take no more. */
const fill = async (place: string): Promise<() => Promise<void>> => {
  const other = new DurableDatabase(pathOf(place));
  other.exec("CREATE TRIGGER full BEFORE INSERT ON commits BEGIN SELECT raise(ABORT, 'database or disk is full'); END");
  return async () => {
    other.exec('DROP TRIGGER full');
    other.close();
  };
};

/** The files as a crash leaves them, the log of the last commit cut off in its middle. */
const tear = async (place: string, append: () => Promise<unknown>): Promise<string> => {
  const before = statSync(`${pathOf(place)}-wal`).size;
  await append();
  const torn = `${place}-torn`;
  for (const part of ['', '-wal']) copyFileSync(pathOf(place) + part, pathOf(torn) + part);
  const log = `${pathOf(torn)}-wal`;
  truncateSync(log, before + (statSync(log).size - before) / 2);
  return torn;
};

eventStoreConformance('SqliteEventStore', (place) => SqliteEventStore.open({ path: pathOf(place) }), { fill, tear });

const event = (id: string): EventToAppend => ({ id, type: 'Ticked', data: Buffer.from(id), hash: Buffer.alloc(32, id) });
const one = (stream: string, expectedRevision = noStreamYet) => [{ stream, expectedRevision, events: [event(`${stream}/${expectedRevision + 1}`)] }];
const idsOf = async (events: AsyncIterable<{ id: string }>): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { id } of events) ids.push(id);
  return ids;
};

describe('one SQLite file', () => {
  it('calls that wait together are one row', async () => {
    const store = await SqliteEventStore.open({ path: pathOf('grouped') });
    await Promise.all(Array.from({ length: 100 }, (_, index) => store.append(one(`s${index}`))));
    await store.close();
    const database = new DurableDatabase(pathOf('grouped'));
    expect(database.prepare('SELECT count(*) AS rows FROM commits').get()).toMatchObject({ rows: 1 });
    database.close();
  });

  it('more than a commit takes goes into several, in order', async () => {
    const store = await SqliteEventStore.open({ path: pathOf('large') });
    const counts = [5_000, 5_000, 5_000];
    const outcomes = await Promise.all(
      counts.map((count, call) =>
        store.append([{ stream: 'a', expectedRevision: 5_000 * call - 1, events: Array.from({ length: count }, (_, index) => event(`${call}/${index}`)) }]),
      ),
    );
    expect(outcomes.flat()).toEqual([4_999, 9_999, 14_999].map((revision) => ({ stream: 'a', appended: true, revision })));
    expect(await idsOf(store.readStream('a', 14_998))).toEqual(['2/4998', '2/4999']);
    await store.close();
  });

  it('a failed append rejects, says not ready, and leaves the store in order for the next', async () => {
    const store = await SqliteEventStore.open({ path: pathOf('failing') });
    await store.append(one('a'));
    const other = new DurableDatabase(pathOf('failing'));
    other.exec("CREATE TRIGGER full BEFORE INSERT ON commits BEGIN SELECT raise(ABORT, 'disk full'); END");
    const failed = await Promise.allSettled([store.append(one('a', 0)), store.append(one('b'))]);
    expect(failed.map((each) => each.status === 'rejected' && each.reason instanceof AppendFailed)).toEqual([true, true]);
    expect(store.health()).toEqual({ ready: false, reasons: ['the append failed and may or may not be durable'] });
    other.exec('DROP TRIGGER full');
    other.close();

    expect(await store.append(one('a', 0))).toEqual([{ stream: 'a', appended: true, revision: 1 }]);
    expect(store.health().ready).toBe(true);
    expect(await idsOf(store.readAll())).toEqual(['a/0', 'a/1']);
    await store.close();
  });

  it('a commit taken out of the file stops a writer at opening; a reader reads what is left and tells of the gap', async () => {
    const path = pathOf('torn');
    const store = await SqliteEventStore.open({ path });
    for (const expectedRevision of [-1, 0, 1]) await store.append(one('a', expectedRevision));
    await store.close();
    const database = new DurableDatabase(path);
    database.exec('DELETE FROM commits WHERE position = 2');
    database.close();

    await expect(SqliteEventStore.open({ path })).rejects.toThrow('position 2 is gone');
    const reader = await SqliteEventStore.openReadOnly({ path });
    expect(await idsOf(reader.readAll())).toEqual(['a/0', 'a/2']);
    await expect(idsOf(reader.readStream('a'))).rejects.toThrow('revision 1 of a is gone');
    await reader.close();
  });

  it('the log of the last commit torn or garbled anywhere: all before it is there, it is whole or not there, and the next append goes through', async () => {
    const store = await SqliteEventStore.open({ path: pathOf('written') });
    await store.append(one('a'));
    const log = `${pathOf('written')}-wal`;
    const acknowledged = statSync(log).size;
    await store.append([{ stream: 'a', expectedRevision: 0, events: Array.from({ length: 300 }, (_, index) => event(`last/${index}`)) }]);
    const size = statSync(log).size;
    for (let at = acknowledged; at < size; at += 997)
      for (const damage of ['cut off', 'garbled']) {
        const path = pathOf(`${damage}-${at}`);
        for (const part of ['', '-wal']) copyFileSync(pathOf('written') + part, path + part);
        if (damage === 'cut off') truncateSync(`${path}-wal`, at);
        else {
          const bytes = readFileSync(`${path}-wal`);
          bytes.fill(bytes.readUInt8(at) ^ 0x55, at, Math.min(at + 700, size));
          writeFileSync(`${path}-wal`, bytes);
        }
        const left = await SqliteEventStore.open({ path });
        expect(await idsOf(left.readAll())).toEqual(['a/0']);
        expect(await left.append(one('a', 0))).toEqual([{ stream: 'a', appended: true, revision: 1 }]);
        await left.close();
      }
    await store.close();
  });

  it('a byte changed where it lay durable shows in the hash of its event', async () => {
    const path = pathOf('rotten');
    const store = await SqliteEventStore.open({ path });
    for (let revision = noStreamYet; revision < 19; revision += 1) {
      const data = Buffer.alloc(900, revision + 2);
      await store.append([{ stream: 'a', expectedRevision: revision, events: [{ ...event(`a/${revision + 1}`), data, hash: createHash('sha256').update(data).digest() }] }]);
    }
    const database = new DurableDatabase(path);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
    await store.close();
    const sound = readFileSync(path);
    const soundEventsAt = async (at: string): Promise<number> => {
      const left = await SqliteEventStore.open({ path: at });
      let events = 0;
      for await (const { data, hash } of left.readAll()) if (createHash('sha256').update(data).digest().equals(hash)) events += 1;
      await left.close();
      return events;
    };
    expect(await soundEventsAt(path)).toBe(20);
    for (let revision = 0; revision < 20; revision += 1) {
      const rotten = Buffer.from(sound);
      // A page that was split may still have what moved to another one.
      for (let at; (at = rotten.indexOf(Buffer.alloc(900, revision + 1))) !== -1; ) rotten.fill(0xee, at, at + 1);
      writeFileSync(pathOf(`rotten-${revision}`), rotten);
      expect(await soundEventsAt(pathOf(`rotten-${revision}`))).toBe(19);
    }
  });

  it('a file of another format is not opened', async () => {
    const database = new DurableDatabase(pathOf('newer'));
    database.exec('PRAGMA user_version = 2');
    database.close();
    await expect(SqliteEventStore.open({ path: pathOf('newer') })).rejects.toThrow('no event store of format 1: the file says 2');
  });
});

describe('opened to read', () => {
  it('sees what a writer appends meanwhile', async () => {
    const store = await SqliteEventStore.open({ path: pathOf('audited') });
    await store.append(one('a'));
    const reader = await SqliteEventStore.openReadOnly({ path: pathOf('audited') });
    expect(await idsOf(reader.readAll())).toEqual(['a/0']);
    await store.append([...one('a', 0), ...one('b')]);
    expect(await idsOf(reader.readStream('a'))).toEqual(['a/0', 'a/1']);
    expect(await idsOf(reader.readAll(2))).toEqual(['a/1', 'b/0']);
    expect(await reader.streams()).toEqual([
      { stream: 'a', revision: 1 },
      { stream: 'b', revision: 0 },
    ]);
    await reader.close();
    await store.close();
  });

  it('changes no byte of the file', async () => {
    const store = await SqliteEventStore.open({ path: pathOf('untouched') });
    await store.append(one('a'));
    await store.close();
    const before = readFileSync(pathOf('untouched'));
    const reader = await SqliteEventStore.openReadOnly({ path: pathOf('untouched') });
    expect(await idsOf(reader.readStream('a'))).toEqual(['a/0']);
    await reader.close();
    expect(readFileSync(pathOf('untouched')).equals(before)).toBe(true);
  });

  it('makes no file where there is none', async () => {
    await expect(SqliteEventStore.openReadOnly({ path: pathOf('absent') })).rejects.toThrow('unable to open');
    expect(existsSync(pathOf('absent'))).toBe(false);
  });
});
