// The services' relational store on a real PostgreSQL: what service-kit's own specs hold on SQLite.
import { startPostgres } from '@kwota/postgres/postgres-server';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { LogInMemory } from '@kwota/service-kit/log-in-memory';
import { createLogger } from '@kwota/service-kit/logger';
import { createOutboxTable, Outbox, outboxEntity } from '@kwota/service-kit/outbox';
import { forRows, run } from '@kwota/service-kit/sql';
import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

class CreateNumbers1795000000000 implements MigrationInterface {
  readonly name = 'CreateNumbers1795000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(new Table({ name: 'number', columns: [{ name: 'n', type: 'integer', isPrimary: true }] }));
    await createOutboxTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['number', 'outbox']) await runner.dropTable(table);
  }
}

const server = await startPostgres();
const onPostgres = server ? describe : describe.skip;
afterAll(() => server?.stop());

const opened: ServiceDatabase[] = [];
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});
/** A schema for each test: one database serves all. */
const open = async (schema: string): Promise<ServiceDatabase> => {
  const migrations = [CreateNumbers1795000000000];
  const database = await ServiceDatabase.open({ location: server?.url ?? '', schema, entities: [outboxEntity], migrations });
  opened.push(database);
  return database;
};
const add = (database: ServiceDatabase, n: number): Promise<unknown> =>
  database.transaction((manager) => run(manager, 'INSERT INTO number VALUES (?)', [n]));
const numbersIn = async (database: ServiceDatabase): Promise<number[]> =>
  (await database.read((manager) => run<{ n: number }>(manager, 'SELECT n FROM number ORDER BY n'))).map(({ n }) => n);

onPostgres("a service's database on PostgreSQL", () => {
  it('has a schema of its own: services with tables of one name do not meet', async () => {
    const [one, other] = [await open('one'), await open('other')];
    await add(one, 1);
    await add(other, 2);
    expect([await numbersIn(one), await numbersIn(other)]).toEqual([[1], [2]]);
  });

  it('runs its migrations once, also when two instances start at the same time', async () => {
    const [one, other] = await Promise.all([open('migrations'), open('migrations')]);
    await add(one, 1);
    const later = await open('migrations');
    expect([await numbersIn(other), await numbersIn(later)]).toEqual([[1], [1]]);
    expect(await later.read((manager) => run(manager, 'SELECT name FROM migrations'))).toEqual([{ name: 'CreateNumbers1795000000000' }]);
  });

  it('a transaction is all or nothing, and nobody reads what may yet be rolled back', async () => {
    const database = await open('rollback');
    const failing = database.transaction(async (manager) => {
      await run(manager, 'INSERT INTO number VALUES (1)');
      expect(await numbersIn(database)).toEqual([]);
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    await add(database, 2);
    expect(await numbersIn(database)).toEqual([2]);
  });

  it('transactions take turns among all instances: what one has read stays true until it commits', async () => {
    const instances = [await open('turns'), await open('turns')];
    const addNext = (database: ServiceDatabase): Promise<unknown> =>
      database.transaction(async (manager) => {
        const [row] = await run<{ next: number }>(manager, 'SELECT COALESCE(MAX(n), 0) + 1 AS next FROM number');
        await run(manager, 'INSERT INTO number VALUES (?)', [row?.next ?? 0]);
      });
    await Promise.all(Array.from({ length: 20 }).flatMap(() => instances.map(addNext)));
    expect(await numbersIn(await open('turns'))).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  });

  it('a statement over many rows goes in pieces, and gives the rows of all', async () => {
    const database = await open('rows');
    const rows = Array.from({ length: 1_234 }, (_, n) => [n]);
    await database.transaction((manager) => forRows(manager, rows, (values) => `INSERT INTO number VALUES ${values}`));
    const deleted = await database.transaction((manager) => forRows<{ n: number }>(manager, rows, (values) => `DELETE FROM number WHERE n IN (${values}) RETURNING n`));
    expect(deleted.map(({ n }) => n).toSorted((a, b) => a - b)).toEqual(rows.flat());
  });

  it('the outbox sends in order what was committed, and forgets it', async () => {
    const database = await open('relay');
    const log = new LogInMemory();
    const outbox = new Outbox(database, log, createLogger('spec', 'error'));
    const messages = Array.from({ length: 1_500 }, (_, index) => ({ topic: 'kwota.users.v1', key: 'a', value: index % 2 ? `${index}` : null, headers: { ce_type: 't' } }));
    await database.transaction((manager) => outbox.add(manager, messages));
    const failing = database.transaction(async (manager) => {
      await outbox.add(manager, messages);
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    outbox.relay();
    for (let look = 0; look < 500 && log.published.length < messages.length; look += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    await outbox.close();
    expect(log.published).toEqual(messages);
    expect(await database.read((manager) => run(manager, 'SELECT id FROM outbox'))).toEqual([]);
  });
});
