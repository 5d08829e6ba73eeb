import { DataSource, type EntityManager, type EntitySchema, type MigrationInterface } from 'typeorm';
import type { Health } from './health.js';
import { TypeOrmDriver } from './sqlite.js';

export type DatabaseOptions = Readonly<{
  /** `postgres://…`, or the path of a SQLite file. */
  location: string;
  /** PostgreSQL: the service's schema, so that one database serves all. */
  schema: string;
  entities: readonly EntitySchema[];
  migrations: readonly (new () => MigrationInterface)[];
  /** Of the service: not ready once the disk did not take what was written. */
  health?: Health;
}>;

/** SQLite: some twenty statements over many rows, each for some fourteen numbers of them (sql.ts), and those of one row. */
const statementsKeptMax = 400;

/** A paused process that stands in a transaction holds up all instances for so long; then the server throws it out, and it gets an error. */
const idleInTransactionMsMax = 5_000;
/** Longer than that, and than a relay that waits for the log (outbox.ts): whoever waits for a turn outlives whoever is thrown out. */
const lockWaitMsMax = 15_000;
const statementMsMax = 30_000;
/** Also for a connection to come free. */
const connectMsMax = 10_000;

/**
 * A machine that is gone without a word is noticed after 5 + 3 × 2 s; one that takes nothing any more, as a paused process that was sent much,
 * after 15 s. Instances rely on what others committed while they waited for their turn: each statement must see it.
 */
const sessionSettings = [
  `idle_in_transaction_session_timeout=${idleInTransactionMsMax}`,
  `lock_timeout=${lockWaitMsMax}`,
  `statement_timeout=${statementMsMax}`,
  'default_transaction_isolation=read\\ committed',
  'tcp_keepalives_idle=5',
  'tcp_keepalives_interval=2',
  'tcp_keepalives_count=3',
  'tcp_user_timeout=15000',
];

/**
 * A service's relational state. Migrations run at start. Transactions take turns on both stores, so that what one has read stays true until
 * it commits: on SQLite there is one connection, and TypeORM would nest a second transaction into the first one's; on PostgreSQL they wait
 * also for those of the service's other instances.
 */
export class ServiceDatabase {
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly source: DataSource,
    /** PostgreSQL: the schema, in which other instances of the service may work too. */
    readonly sharedSchema: string | undefined,
    /** SQLite: the connection. */
    private readonly file: TypeOrmDriver | undefined,
  ) {}

  static async open({ location, schema, entities, migrations, health }: DatabaseOptions): Promise<ServiceDatabase> {
    const mapped = { entities: [...entities], migrations: [...migrations] };
    const migrated = { ...mapped, migrationsRun: true, migrationsTransactionMode: 'each' as const };
    if (!location.startsWith('postgres')) {
      let file: TypeOrmDriver | undefined;
      const prepareDatabase = (opened: TypeOrmDriver): void => void (file = opened);
      const source = await new DataSource({
        ...migrated,
        type: 'better-sqlite3',
        driver: TypeOrmDriver,
        database: location,
        prepareDatabase,
        statementCacheSize: statementsKeptMax,
      }).initialize();
      await file?.synced();
      health?.add('database', () => ({ ready: file?.failed === undefined, reasons: file?.failed ? [file.failed.message] : [] }));
      return new ServiceDatabase(source, undefined, file);
    }
    const shared = { type: 'postgres' as const, url: location, schema, applicationName: `kwota ${schema}`, connectTimeoutMS: connectMsMax, poolErrorHandler };
    // A migration may take its time.
    const migrating = new DataSource({ ...shared, ...migrated, extra: { options: optionsOf([`search_path=${schema}`]) } });
    await inSchema(location, schema, () => migrating.initialize());
    await migrating.destroy();
    const extra = { options: optionsOf([`search_path=${schema}`, ...sessionSettings]), keepAlive: true };
    const source = new DataSource({ ...shared, ...mapped, extra });
    return new ServiceDatabase(await source.initialize(), schema, undefined);
  }

  /** Several instances of the service may work on it at a time. */
  get isShared(): boolean {
    return this.sharedSchema !== undefined;
  }

  /**
   * All of `work` or nothing of it, and on the disk. Every write goes through here. On SQLite the next one's turn comes while this one waits for the disk: those that wait
   * at the same time share a sync.
   */
  transaction<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    const { sharedSchema } = this;
    if (sharedSchema !== undefined) return this.inTurn(() => this.alone(sharedSchema, work));
    return this.onDisk(async () => ({ result: await this.source.transaction(work), written: this.file?.synced() }));
  }

  /**
   * On SQLite without waiting for the disk: the death of the process takes nothing back, a power cut may, until the next transaction has been synced. For what
   * does no harm when it is done again.
   */
  transactionSyncedLater<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return this.isShared ? this.transaction(work) : this.inTurn(() => this.source.transaction(work));
  }

  /** PostgreSQL: a transaction beside the turns, of which one at a time runs among all instances; it may wait for something else meanwhile. */
  transactionBeside<Result>(purpose: string, work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return this.alone(`${this.sharedSchema} ${purpose}`, work);
  }

  /** Nobody sees what may yet be taken back: on SQLite reads wait for the transaction under way and for the disk, PostgreSQL shows what was before it. */
  read<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return this.isShared ? work(this.source.manager) : this.onDisk(async () => ({ result: await work(this.source.manager), written: this.file?.settled() }));
  }

  async close(): Promise<void> {
    await this.turn;
    // Whoever wrote has been told of a failure; here it matters only that no sync runs any more.
    await this.file?.settled().catch(() => undefined);
    await this.source.destroy();
  }

  /** A turn, and after it the wait for the disk. */
  private async onDisk<Result>(work: () => Promise<{ result: Result; written: Promise<void> | undefined }>): Promise<Result> {
    const { result, written } = await this.inTurn(work);
    await written;
    return result;
  }

  private alone<Result>(name: string, work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return this.source.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock(hashtext($1))', [name]);
      return work(manager);
    });
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

const optionsOf = (settings: readonly string[]): string => settings.map((setting) => `-c ${setting}`).join(' ');

/** An idle connection that ends, as when the server starts again, is replaced by the next that is needed; whoever needs one in vain says so. */
const poolErrorHandler = (): void => undefined;

/** Makes the schema where it is missing. Instances that start together follow each other, or each would run the migrations. */
const inSchema = async (url: string, schema: string, work: () => Promise<unknown>): Promise<void> => {
  const source = await new DataSource({ type: 'postgres', url, connectTimeoutMS: connectMsMax, poolErrorHandler }).initialize();
  try {
    await source.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock(hashtext($1))', [schema]);
      await source.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
      await work();
    });
  } finally {
    await source.destroy();
  }
};
