import {
  AppendFailed,
  EventStore,
  type AppendOutcome,
  type EventReader,
  type EventStoreHealth,
  type StoredEvent,
  type StreamAppend,
  type StreamHead,
  type StreamSnapshot,
} from '@kwota/event-store';
import type { Pool } from 'pg';
import { checkAppend, runAppend } from './append-statement.js';
import { bigintArray, textArray } from './binary-arrays.js';
import { CommitQueue } from './commit-queue.js';
import { checkFormat, checkSchemaName, prepareSchema } from './event-schema.js';
import { PostgresEventReader } from './postgres-event-reader.js';
import { defaultTimeouts, openPool, type Timeouts } from './sessions.js';

export { EventsMissing } from './postgres-event-reader.js';

export type PostgresEventStoreOptions = Readonly<{
  /** postgres://user:password@host:port/database, with whatever `pg` knows behind it. */
  url: string;
  /** One database serves all: the relational services have schemas of their own in it. */
  schema?: string;
  timeouts?: Partial<Timeouts>;
  /** Told of lost connections and failed appends, with nothing of the URL in them: for the log. */
  onTrouble?: (error: Error) => void;
}>;

const defaultSchema = 'ledger_events';
/** Reads, snapshots and marks; appends have one session of their own. */
const readingSessionsMax = 4;
/** How often a store that is not ready tries again; one that is ready and idle proves it every fifth time. */
const probeIntervalMs = 1_000;
const idleProbeIntervalMs = 5 * probeIntervalMs;

/** Events in one table of a PostgreSQL database: a commit is one round trip, however many events and streams it has. */
export class PostgresEventStore extends EventStore {
  private readonly reader: PostgresEventReader;
  private readonly queue = new CommitQueue((appends) => this.commit(appends));
  private readonly probing: NodeJS.Timeout;
  private lastSuccessMs = performance.now();
  private lastFailure: string | undefined;
  private closed = false;

  private constructor(
    private readonly schema: string,
    private readonly appending: Pool,
    private readonly others: Pool,
    private readonly onTrouble: (error: Error) => void,
  ) {
    super();
    this.reader = new PostgresEventReader(others, schema, 'stop');
    appending.on('error', () => this.probe());
    this.probing = setInterval(() => {
      if (this.lastFailure !== undefined || performance.now() - this.lastSuccessMs >= idleProbeIntervalMs) this.probe();
    }, probeIntervalMs).unref();
  }

  /** Creates the tables where there are none. Rejects for another format, and while the server cannot be reached. */
  static async open({ url, schema = defaultSchema, timeouts = {}, onTrouble = () => undefined }: PostgresEventStoreOptions): Promise<PostgresEventStore> {
    checkSchemaName(schema);
    const common = { url, access: 'write', timeouts: { ...defaultTimeouts, ...timeouts }, onLost: onTrouble } as const;
    const others = openPool({ ...common, sessionsMax: readingSessionsMax });
    try {
      await prepareSchema(others, schema);
    } catch (error) {
      await others.end();
      throw error;
    }
    return new PostgresEventStore(schema, openPool({ ...common, sessionsMax: 1 }), others, onTrouble);
  }

  /** For auditors: works beside a running ledger, sees what it commits, and never writes; a role that may only SELECT is enough. */
  static async openReadOnly({ url, schema = defaultSchema, timeouts = {}, onTrouble = () => undefined }: PostgresEventStoreOptions): Promise<EventReader> {
    checkSchemaName(schema);
    const pool = openPool({ url, access: 'read', sessionsMax: readingSessionsMax, timeouts: { ...defaultTimeouts, ...timeouts }, onLost: onTrouble });
    try {
      await checkFormat(pool, schema);
    } catch (error) {
      await pool.end();
      throw error;
    }
    return new PostgresEventReader(pool, schema, 'read on');
  }

  override async append(batch: readonly StreamAppend[]): Promise<readonly AppendOutcome[]> {
    if (this.closed) throw new Error('the event store is closed');
    batch.forEach(checkAppend);
    return this.queue.append(batch);
  }

  override readStream(stream: string, fromRevision?: number): AsyncIterable<StoredEvent> {
    return this.reader.readStream(stream, fromRevision);
  }

  override readAll(fromPosition?: number): AsyncIterable<StoredEvent> {
    return this.reader.readAll(fromPosition);
  }

  override streams(): Promise<readonly StreamHead[]> {
    return this.reader.streams();
  }

  override async saveSnapshot(stream: string, { revision, hash, reducerVersion, body }: StreamSnapshot): Promise<void> {
    const { rows } = await this.others.query<[boolean]>({
      text: `
        WITH event AS (SELECT FROM ${this.schema}.events WHERE stream = $1 AND revision = $2 AND hash = $3), saved AS (
          INSERT INTO ${this.schema}.snapshots (stream, revision, hash, reducer_version, body) SELECT $1, $2, $3, $4, $5 FROM event
          ON CONFLICT (stream) DO UPDATE
          SET revision = excluded.revision, hash = excluded.hash, reducer_version = excluded.reducer_version, body = excluded.body
          WHERE excluded.revision >= snapshots.revision
        )
        SELECT EXISTS (SELECT FROM event)`,
      values: [stream, revision, Buffer.from(hash), reducerVersion, Buffer.from(body)],
      rowMode: 'array',
    });
    if (!rows[0]![0]) throw new RangeError(`revision ${revision} with this hash is not there`);
  }

  override loadSnapshot(stream: string): Promise<StreamSnapshot | undefined> {
    return this.reader.loadSnapshot(stream);
  }

  /** In the order of the streams: two who save at once would else wait for each other. */
  override async saveMarks(name: string, marks: ReadonlyMap<string, number>): Promise<void> {
    if (marks.size === 0) return;
    await this.others.query({
      text: `
        INSERT INTO ${this.schema}.marks AS saved (name, stream, revision)
        SELECT $1, mark.stream, mark.revision FROM unnest($2::text[], $3::bigint[]) AS mark (stream, revision) ORDER BY mark.stream
        ON CONFLICT (name, stream) DO UPDATE SET revision = excluded.revision WHERE excluded.revision > saved.revision`,
      values: [name, textArray([...marks.keys()]), bigintArray([...marks.values()])],
    });
  }

  override async loadMarks(name: string, streams?: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.others.query<[string, number]>({
      text: `SELECT stream, revision FROM ${this.schema}.marks WHERE name = $1 ${streams ? 'AND stream = ANY ($2::text[])' : ''}`,
      values: streams ? [name, textArray(streams)] : [name],
      rowMode: 'array',
    });
    return new Map(rows);
  }

  /** Not ready after a failed append until one, or a probe that writes as much, goes through; probes go on while nobody appends. */
  override health(): EventStoreHealth {
    return { ready: this.lastFailure === undefined, reasons: this.lastFailure === undefined ? [] : [this.lastFailure] };
  }

  override async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.probing);
    await this.queue.drained();
    await Promise.all([this.appending.end(), this.others.end()]);
  }

  private async commit(appends: readonly StreamAppend[]): Promise<readonly AppendOutcome[]> {
    try {
      const outcomes = await runAppend(this.appending, this.schema, appends);
      this.lastFailure = undefined;
      this.lastSuccessMs = performance.now();
      return outcomes;
    } catch (error) {
      const failure = `the last append failed (${codeOf(error)})`;
      // A probe fails every second of an outage, which is told once.
      if (appends.length > 0 || failure !== this.lastFailure) this.onTrouble(error as Error);
      this.lastFailure = failure;
      throw new AppendFailed(error);
    }
  }

  /** An append of nothing: it waits for the lock and writes a row, so it goes through where an append would. One under way tells as much. */
  private probe(): void {
    if (!this.closed && this.queue.isIdle) this.queue.append([]).catch(() => undefined);
  }
}

/** As ECONNREFUSED, or one of SQLSTATE, so that what a message of the server may quote stays out of health; the driver's own have none. */
const codeOf = (error: unknown): string => {
  const { code, message } = error as Error & { code?: string };
  return code ?? message;
};
