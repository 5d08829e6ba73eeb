import { jest } from '@jest/globals';
import fs, { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Table, type EntityManager, type MigrationInterface, type QueryRunner } from 'typeorm';
import { ServiceDatabase } from './database.js';
import { Health } from './health.js';
import { forRows, rowsMax, run } from './sql.js';
import { GroupSyncedDatabase } from './sqlite.js';

class CreateNumbers1795000000000 implements MigrationInterface {
  up(runner: QueryRunner): Promise<void> {
    return runner.createTable(new Table({ name: 'number', columns: [{ name: 'n', type: 'integer', isPrimary: true }] }));
  }
  down(runner: QueryRunner): Promise<void> {
    return runner.dropTable('number');
  }
}

const folder = mkdtempSync(join(tmpdir(), 'kwota-database-'));
afterAll(() => rmSync(folder, { recursive: true }));
const open = (name: string): Promise<ServiceDatabase> =>
  ServiceDatabase.open({ location: join(folder, name), schema: 'test', entities: [], migrations: [CreateNumbers1795000000000] });
const count = async (database: ServiceDatabase): Promise<number> =>
  (await database.read((manager) => run<{ count: number }>(manager, 'SELECT count(*) AS count FROM number')))[0]?.count ?? -1;
afterEach(() => void jest.restoreAllMocks());
const turnOfLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a service's database", () => {
  it('runs its migrations at the start, once', async () => {
    await (await open('migrations.db')).close();
    const again = await open('migrations.db');
    expect(await count(again)).toBe(0);
    await again.close();
  });

  it('transactions take turns: one that is rolled back takes nothing of another with it', async () => {
    const database = await open('turns.db');
    const insert = (n: number, fails: boolean): Promise<void> =>
      database.transaction(async (manager) => {
        await run(manager, 'INSERT INTO number VALUES (?)', [n]);
        await turnOfLoop();
        if (fails) throw new Error('rolled back');
      });
    const outcomes = await Promise.allSettled([insert(1, false), insert(2, true), insert(3, false), insert(4, true)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    expect(await database.read((manager) => run(manager, 'SELECT n FROM number ORDER BY n'))).toEqual([{ n: 1 }, { n: 3 }]);
    await database.close();
  });

  it('nobody reads what may yet be rolled back', async () => {
    const database = await open('reads.db');
    const failing = database.transaction(async (manager) => {
      await run(manager, 'INSERT INTO number VALUES (1)');
      await turnOfLoop();
      throw new Error('rolled back');
    });
    const seen = count(database);
    await expect(failing).rejects.toThrow('rolled back');
    expect(await seen).toBe(0);
    await database.close();
  });

  it('one that is synced later is there after the process, and fails whole', async () => {
    const database = await open('later.db');
    const insert = (n: number) => (manager: EntityManager) => run(manager, 'INSERT INTO number VALUES (?)', [n]);
    await database.transactionSyncedLater(insert(1));
    await expect(database.transactionSyncedLater(insert(1))).rejects.toThrow('UNIQUE');
    await database.close();
    const again = await open('later.db');
    expect(await count(again)).toBe(1);
    await again.close();
  });

  it('a transaction, and who reads what it wrote, is told when the disk has it; the next one goes on meanwhile', async () => {
    const waiting: (() => void)[] = [];
    jest.spyOn(GroupSyncedDatabase.prototype, 'synced').mockImplementation(() => new Promise((resolve) => void waiting.push(resolve)));
    jest.spyOn(GroupSyncedDatabase.prototype, 'settled').mockImplementation(() => new Promise((resolve) => void waiting.push(resolve)));
    const opening = open('disk.db');
    while (waiting.length === 0) await turnOfLoop();
    waiting.pop()?.();
    const database = await opening;
    const told: string[] = [];
    const first = database.transaction((manager) => run(manager, 'INSERT INTO number VALUES (1)')).then(() => told.push('first'));
    const read = count(database).then((seen) => told.push(`read ${seen}`));
    const second = database.transaction((manager) => run(manager, 'INSERT INTO number VALUES (2)')).then(() => told.push('second'));
    while (waiting.length < 3) await turnOfLoop();
    expect(told).toEqual([]);
    for (const end of waiting) end();
    await Promise.all([first, read, second]);
    expect(told.toSorted()).toEqual(['first', 'read 1', 'second']);
    jest.restoreAllMocks();
    await database.close();
  });

  it('that the disk does not take everything of is not ready, tells so whoever writes or reads, until it is opened anew', async () => {
    const health = new Health();
    const settings = { location: join(folder, 'broken.db'), schema: 'test', entities: [], migrations: [CreateNumbers1795000000000], health };
    const database = await ServiceDatabase.open(settings);
    expect(health.look()).toEqual({ ready: true, parts: { database: { ready: true, reasons: [] } } });
    const insert = (n: number): Promise<unknown> => database.transaction((manager) => run(manager, 'INSERT INTO number VALUES (?)', [n]));
    jest.spyOn(fs, 'fdatasync').mockImplementation(((_: number, done: (error: Error) => void) => done(new Error('EIO'))) as typeof fs.fdatasync);
    await expect(insert(1)).rejects.toThrow('restart');
    jest.restoreAllMocks();
    await expect(insert(2)).rejects.toThrow('restart');
    await expect(count(database)).rejects.toThrow('restart');
    expect(health.look()).toMatchObject({ ready: false, parts: { database: { reasons: [expect.stringContaining('restart')] } } });
    await database.close();
    const again = await ServiceDatabase.open({ ...settings, health: new Health() });
    await again.transaction((manager) => run(manager, 'INSERT INTO number VALUES (3)'));
    await again.close();
  });

  it('a statement over many rows goes in pieces that SQLite takes, and gives the rows of all', async () => {
    const database = await open('rows.db');
    const rows = Array.from({ length: 1_234 }, (_, n) => [n]);
    await database.transaction((manager) => forRows(manager, rows, (values) => `INSERT INTO number VALUES ${values}`));
    const found = await database.read((manager) => forRows<{ n: number }>(manager, rows, (values) => `SELECT n FROM number WHERE n IN (${values})`));
    expect(found.map(({ n }) => n).toSorted((a, b) => a - b)).toEqual(rows.flat());
    await database.close();
  });

  it('few statements serve any number of rows: each is prepared once', async () => {
    const database = await open('pieces.db');
    const query = jest.spyOn(database.source.manager, 'query');
    for (let count = 1; count <= rowsMax + 100; count += 1) {
      const rows = Array.from({ length: count }, (_, n) => [n]);
      await database.read((manager) => forRows(manager, rows, (values) => `SELECT n FROM number WHERE n IN (${values})`));
    }
    expect(new Set(query.mock.calls.map(([sql]) => sql)).size).toBe(14);
    const widest = Math.max(...query.mock.calls.map(([, values]) => (values as unknown[]).length));
    expect(widest).toBe(rowsMax);
    query.mockRestore();
    await database.close();
  });
});
