// PostgreSQL: an epoch is a row in instance_epoch and a session's lock on its number. Whoever holds the lock lives.
import { Table, type EntityManager, type QueryRunner } from 'typeorm';
import type { ServiceDatabase } from './database.js';
import type { FreeEpoch } from './dead-epochs.js';
import { run } from './sql.js';

/** For a migration; `takenBefore`: numbers up to it were epochs already, before this table was there. */
export const createEpochTable = async (runner: QueryRunner, takenBefore = 0): Promise<void> => {
  await runner.createTable(
    new Table({
      name: 'instance_epoch',
      columns: [
        // Never given twice.
        { name: 'epoch', type: 'integer', isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
        // 1: its instance has stopped and said so.
        { name: 'ended', type: 'integer', default: 0 },
      ],
    }),
  );
  if (takenBefore === 0) return;
  await runner.query(`INSERT INTO instance_epoch (epoch, ended) VALUES (${takenBefore}, 1)`);
  if (runner.dataSource.options.type === 'postgres') await runner.query(`SELECT setval(pg_get_serial_sequence('instance_epoch', 'epoch'), ${takenBefore})`);
};

export const newEpoch = async (manager: EntityManager): Promise<number> => {
  const [row] = await run<{ epoch: number }>(manager, 'INSERT INTO instance_epoch DEFAULT VALUES RETURNING epoch');
  return Number(row?.epoch);
};

/**
 * The lock is on a connection of its own: the server lets go of it when the process dies, at once, and never while it is paused. The row is
 * deleted by who takes over, so that nobody goes on under an epoch whose claims are another's.
 */
export class EpochLock {
  private runner: QueryRunner | undefined;
  private readonly lockName: string;

  constructor(private readonly database: ServiceDatabase) {
    this.lockName = `${database.sharedSchema} epoch`;
  }

  /** A new epoch, whose row nobody sees before it is locked. */
  async take(): Promise<number> {
    const runner = await this.connected();
    return runner.manager.transaction(async (manager) => {
      const epoch = await newEpoch(manager);
      await run(manager, 'SELECT pg_advisory_lock(hashtext(?), CAST(? AS INTEGER))', [this.lockName, epoch]);
      return epoch;
    });
  }

  /** True: it is held at this moment, again if the connection was lost. False: others have taken over. @throws Error when neither is known. */
  async confirm(epoch: number): Promise<boolean> {
    const isNew = this.runner === undefined || this.runner.isReleased;
    const { manager } = await this.connected();
    if (isNew && !(await this.tryLock(manager, epoch))) {
      await this.disconnect();
      throw new Error('the epoch is still locked by the lost connection, or just being taken over');
    }
    const rows = await run(manager, 'SELECT epoch FROM instance_epoch WHERE epoch = ?', [epoch]);
    return rows.length === 1;
  }

  /** Other epochs whose lock nobody holds at this moment. */
  free(manager: EntityManager, own: number): Promise<FreeEpoch[]> {
    const sql = 'SELECT epoch, ended = 1 AS ended FROM instance_epoch WHERE epoch <> ? AND pg_try_advisory_xact_lock_shared(hashtext(?), epoch)';
    return run<FreeEpoch>(manager, sql, [own, this.lockName]);
  }

  /** Deletes those that nobody holds still; until the end of the transaction nobody can hold them again. */
  async end(manager: EntityManager, epochs: readonly number[]): Promise<void> {
    const sql = `DELETE FROM instance_epoch WHERE epoch IN (${epochs.join(', ')}) AND pg_try_advisory_xact_lock(hashtext(?), epoch)`;
    await run(manager, sql, [this.lockName]);
  }

  /** Others need not wait to see whether it comes back. */
  async giveUp(epoch: number): Promise<void> {
    await this.database.transaction((manager) => run(manager, 'UPDATE instance_epoch SET ended = 1 WHERE epoch = ?', [epoch]));
    await this.disconnect();
  }

  private async connected(): Promise<QueryRunner> {
    if (this.runner && !this.runner.isReleased) return this.runner;
    const runner = this.database.source.createQueryRunner();
    await runner.connect();
    this.runner = runner;
    return runner;
  }

  private async tryLock(manager: EntityManager, epoch: number): Promise<boolean> {
    const sql = 'SELECT pg_try_advisory_lock(hashtext(?), CAST(? AS INTEGER)) AS taken';
    const [row] = await run<{ taken: boolean }>(manager, sql, [this.lockName, epoch]);
    return row?.taken === true;
  }

  /** The connection goes back to the others: without the lock. */
  private async disconnect(): Promise<void> {
    const { runner } = this;
    this.runner = undefined;
    if (!runner || runner.isReleased) return;
    try {
      await runner.query('SELECT pg_advisory_unlock_all()');
    } finally {
      await runner.release();
    }
  }
}
