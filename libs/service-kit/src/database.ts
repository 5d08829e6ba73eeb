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
 * A service's relational state. Migrations run at start. On SQLite there is one connection, and TypeORM would nest a second
 * transaction into the first one's: transactions take turns there.
 */
export class ServiceDatabase {
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly source: DataSource,
    private readonly oneConnection: boolean,
  ) {}

  static async open({ location, schema, entities, migrations }: DatabaseOptions): Promise<ServiceDatabase> {
    const shared = { entities: [...entities], migrations: [...migrations], migrationsRun: true, migrationsTransactionMode: 'each' as const };
    const onPostgres = location.startsWith('postgres');
    const source = onPostgres
      ? new DataSource({ ...shared, type: 'postgres', url: location, schema, extra: { options: `-c search_path=${schema}` } })
      : new DataSource({ ...shared, type: 'better-sqlite3', driver: TypeOrmDriver, database: location });
    if (onPostgres) await createSchema(location, schema);
    return new ServiceDatabase(await source.initialize(), !onPostgres);
  }

  /** All of `work` or nothing of it. Every write goes through here. */
  transaction<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    if (!this.oneConnection) return this.source.transaction(work);
    const result = this.turn.then(() => this.source.transaction(work));
    this.turn = result.catch(() => undefined);
    return result;
  }

  /** Reads wait for the transaction under way on SQLite, so that nobody sees what may yet be rolled back. */
  read<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    if (!this.oneConnection) return work(this.source.manager);
    const result = this.turn.then(() => work(this.source.manager));
    this.turn = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    await this.turn;
    await this.source.destroy();
  }
}

const createSchema = async (url: string, schema: string): Promise<void> => {
  const source = await new DataSource({ type: 'postgres', url }).initialize();
  await source.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
  await source.destroy();
};
