import { DataSource, type EntityManager, type EntitySchema, type MigrationInterface } from 'typeorm';
import { TypeOrmDriver } from './sqlite.js';

export type DatabaseOptions = Readonly<{
  /** `postgres://…`, or the path of a SQLite file. */
  location: string;
  /** PostgreSQL: the service's schema, so that one database serves all. */
  schema: string;
  entities: readonly EntitySchema[];
  migrations: readonly (new () => MigrationInterface)[];
}>;

/**
 * A service's relational state. Migrations run at start. Transactions take turns on both stores, so that what one has read stays true until
 * it commits: on SQLite there is one connection, and TypeORM would nest a second transaction into the first one's; on PostgreSQL they wait
 * also for those of the service's other instances.
 */
export class ServiceDatabase {
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly source: DataSource,
    /** PostgreSQL: takes the turn among all instances, until the transaction ends. */
    private readonly takeTurn: ((manager: EntityManager) => Promise<unknown>) | undefined,
  ) {}

  static async open({ location, schema, entities, migrations }: DatabaseOptions): Promise<ServiceDatabase> {
    const shared = { entities: [...entities], migrations: [...migrations], migrationsRun: true, migrationsTransactionMode: 'each' as const };
    if (!location.startsWith('postgres')) {
      const source = new DataSource({ ...shared, type: 'better-sqlite3', driver: TypeOrmDriver, database: location });
      return new ServiceDatabase(await source.initialize(), undefined);
    }
    const source = new DataSource({ ...shared, type: 'postgres', url: location, schema, extra: { options: `-c search_path=${schema}` } });
    await inSchema(location, schema, () => source.initialize());
    return new ServiceDatabase(source, (manager) => manager.query('SELECT pg_advisory_xact_lock(hashtext($1))', [schema]));
  }

  /** All of `work` or nothing of it. Every write goes through here. */
  transaction<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return this.inTurn(() =>
      this.source.transaction(async (manager) => {
        await this.takeTurn?.(manager);
        return work(manager);
      }),
    );
  }

  /** Nobody sees what may yet be rolled back: on SQLite reads wait for the transaction under way, PostgreSQL shows what was before it. */
  read<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return this.takeTurn ? work(this.source.manager) : this.inTurn(() => work(this.source.manager));
  }

  async close(): Promise<void> {
    await this.turn;
    await this.source.destroy();
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

/** Makes the schema where it is missing. Instances that start together follow each other, or each would run the migrations. */
const inSchema = async (url: string, schema: string, work: () => Promise<unknown>): Promise<void> => {
  const source = await new DataSource({ type: 'postgres', url }).initialize();
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
