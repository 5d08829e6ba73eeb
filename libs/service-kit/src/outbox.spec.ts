import type { OutgoingMessage } from '@kwota/messaging';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ServiceDatabase } from './database.js';
import { LogInMemory } from './log-in-memory.js';
import { createLogger } from './logger.js';
import { createOutboxTable, Outbox, outboxEntity } from './outbox.js';
import { run } from './sql.js';
import { unpublishedMax } from './unpublished.js';

class CreateOutbox1795000000000 implements MigrationInterface {
  up(runner: QueryRunner): Promise<void> {
    return createOutboxTable(runner);
  }
  down(runner: QueryRunner): Promise<void> {
    return runner.dropTable('outbox');
  }
}

const folder = mkdtempSync(join(tmpdir(), 'kwota-outbox-'));
afterAll(() => rmSync(folder, { recursive: true }));
const logger = createLogger('test', 'error');

const openDatabase = (name: string): Promise<ServiceDatabase> =>
  ServiceDatabase.open({ location: join(folder, name), schema: 'test', entities: [outboxEntity], migrations: [CreateOutbox1795000000000] });
const message = (value: string | null): OutgoingMessage => ({ topic: 'kwota.users.v1', key: 'a|user:1', value, headers: { ce_type: 't' } });
const unsent = async (database: ServiceDatabase): Promise<number> => (await database.read((manager) => run(manager, 'SELECT id FROM outbox'))).length;
const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('the outbox', () => {
  it('sends what a transaction left, in its order, headers and tombstones too, and forgets it', async () => {
    const database = await openDatabase('order.db');
    const log = new LogInMemory();
    const outbox = new Outbox(database, log, logger);
    const messages = [...Array.from({ length: 2_500 }, (_, index) => message(`${index}`)), message(null)];
    await database.transaction((manager) => outbox.add(manager, messages));
    outbox.relay();
    await until(async () => (await unsent(database)) === 0);
    expect(log.published).toEqual(messages);
    await outbox.close();
    await database.close();
  });

  it('a transaction that is rolled back sends nothing', async () => {
    const database = await openDatabase('rolled-back.db');
    const log = new LogInMemory();
    const outbox = new Outbox(database, log, logger);
    const failing = database.transaction(async (manager) => {
      await outbox.add(manager, [message('1')]);
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    outbox.relay();
    await outbox.close();
    expect(log.published).toEqual([]);
    await database.close();
  });

  it('a log that is away gets the messages once it is back', async () => {
    const database = await openDatabase('away.db');
    const log = new LogInMemory();
    log.failures = 1;
    const outbox = new Outbox(database, log, createLogger('test', 'error', { write: () => undefined }));
    await database.transaction((manager) => outbox.add(manager, [message('1'), message('2')]));
    outbox.relay();
    await until(() => log.published.length === 2);
    await outbox.close();
    await database.close();
  });

  it('what a crash left unsent goes out after the next start, before what comes then', async () => {
    const before = await openDatabase('crash.db');
    await before.transaction((manager) => new Outbox(before, new LogInMemory(), logger).add(manager, [message('1'), message('2')]));
    // The process dies here: the transaction is committed, and nobody has called relay.
    await before.close();

    const after = await openDatabase('crash.db');
    const log = new LogInMemory();
    const outbox = new Outbox(after, log, logger);
    await after.transaction((manager) => outbox.add(manager, [message('3')]));
    outbox.relay();
    await until(async () => (await unsent(after)) === 0);
    expect(log.published.map(({ value }) => value)).toEqual(['1', '2', '3']);
    await outbox.close();
    await after.close();
  });

  it('of ids that a roll-back gave back what was committed under them is sent, never what was rolled back', async () => {
    const database = await openDatabase('given-again.db');
    const log = new LogInMemory();
    const outbox = new Outbox(database, log, logger);
    const rolledBack = (values: readonly string[]): Promise<void> =>
      database.transaction(async (manager) => {
        await outbox.add(manager, values.map(message));
        throw new Error('refused');
      });
    await expect(rolledBack(['stale 1', 'stale 2', 'stale 3'])).rejects.toThrow('refused');
    await database.transaction((manager) => outbox.add(manager, [message('1')]));
    await expect(rolledBack(['stale 4', 'stale 5'])).rejects.toThrow('refused');
    await database.transaction((manager) => outbox.add(manager, [message('2')]));
    outbox.relay();
    await until(async () => (await unsent(database)) === 0);
    expect(log.published.map(({ value }) => value)).toEqual(['1', '2']);
    await outbox.close();
    await database.close();
  });

  it('what its process wrote is not read back; beyond what is kept of it the table has it, in the same order', async () => {
    const database = await openDatabase('kept.db');
    const log = new LogInMemory();
    const outbox = new Outbox(database, log, logger);
    const values = Array.from({ length: unpublishedMax + 1_500 }, (_, index) => `${index}`);
    await database.transaction((manager) => outbox.add(manager, values.map(message)));
    // Only what comes from the table can tell that it was changed there.
    await database.transaction((manager) => run(manager, `UPDATE outbox SET "key" = 'from the table'`));
    outbox.relay();
    await until(async () => (await unsent(database)) === 0);
    expect(log.published.map(({ value }) => value)).toEqual(values);
    expect(log.published.filter(({ key }) => key === 'from the table')).toHaveLength(1_500);
    await outbox.close();
    await database.close();
  });

  it('no call of relay is lost, whenever it comes', async () => {
    const database = await openDatabase('calls.db');
    const log = new LogInMemory();
    const outbox = new Outbox(database, log, logger);
    for (let number = 1; number <= 200; number += 1) {
      await database.transaction((manager) => outbox.add(manager, [message(String(number))]));
      outbox.relay();
      if (number % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => log.published.length === 200);
    expect(log.published.map(({ value }) => Number(value))).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    await outbox.close();
    await database.close();
  });
});
