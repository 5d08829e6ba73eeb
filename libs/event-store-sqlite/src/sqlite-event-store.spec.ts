import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppendFailed, noStreamYet, type EventToAppend } from '@kwota/event-store';
import { eventStoreConformance } from '@kwota/event-store/conformance';
import { DurableDatabase } from '@kwota/service-kit/sqlite';
import { SqliteEventStore } from './sqlite-event-store.js';

const folder = mkdtempSync(join(tmpdir(), 'kwota-event-store-'));
afterAll(() => rmSync(folder, { recursive: true }));
const pathOf = (name: string): string => join(folder, `${name}.db`);

eventStoreConformance('SqliteEventStore', (place) => SqliteEventStore.open({ path: pathOf(place) }));

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
