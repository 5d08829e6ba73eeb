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
import { AppendLanes } from './append-lanes.js';
import { Connection, defaultTimeouts, EventsMissing, type Timeouts } from './connection.js';
import { KeptValues } from './kept-values.js';
import { KurrentEventReader } from './kurrent-event-reader.js';
import { decodeSnapshot, encodeSnapshot } from './snapshot-record.js';
import { fromStored, StreamNames, toStored } from './stored-event.js';

export { EventsMissing } from './connection.js';

export type KurrentEventStoreOptions = Readonly<{
  /** kurrentdb://user:password@host:2113?tls=true, several hosts or kurrentdb+discover:// for a cluster; esdb:// is the same. */
  url: string;
  /** One server serves several ledgers; a plain name. */
  space?: string;
  timeouts?: Partial<Timeouts>;
  /** Told of failed appends, with nothing of the URL in them: for the log. */
  onTrouble?: (error: Error) => void;
}>;

const defaultSpace = 'ledger_events';
/**
 * Messages under way in the client. It buffers 16 before it makes writers wait, and what waits there when the connection breaks is a rejection
 * that nobody can catch, which ends the process: 15 never wait.
 */
const messagesMax = 15;
/** An append of more bytes is sent in several messages (the client's `batchAppendSize`). */
const bytesPerMessage = 3 * 1024 * 1024;
/** How often a store that is not ready tries again; one that is ready and idle looks every fifth time. */
const probeIntervalMs = 1_000;
const idleProbeIntervalMs = 5 * probeIntervalMs;

/** Events in streams of KurrentDB: one append a stream, many streams beside each other. */
export class KurrentEventStore extends EventStore {
  private readonly lanes = new AppendLanes(messagesMax);
  private readonly reader: KurrentEventReader;
  private readonly kept: KeptValues;
  private readonly probing: NodeJS.Timeout;
  private lastSuccessMs = performance.now();
  private lastFailure: string | undefined;
  private probeRuns = false;
  private closed = false;

  private constructor(
    private readonly connection: Connection,
    private readonly names: StreamNames,
    private readonly onTrouble: (error: Error) => void,
  ) {
    super();
    this.reader = new KurrentEventReader(connection, names, 'stop');
    this.kept = new KeptValues(connection);
    this.probing = setInterval(() => {
      if (this.lastFailure !== undefined || performance.now() - this.lastSuccessMs >= idleProbeIntervalMs) void this.probe();
    }, probeIntervalMs).unref();
  }

  /** Rejects while the server cannot be reached. */
  static async open({ url, space = defaultSpace, timeouts = {}, onTrouble = () => undefined }: KurrentEventStoreOptions): Promise<KurrentEventStore> {
    const names = new StreamNames(space);
    return new KurrentEventStore(await connected(url, names, timeouts), names, onTrouble);
  }

  /** For auditors: works beside a running ledger, sees what it commits, and never writes. */
  static async openReadOnly({ url, space = defaultSpace, timeouts = {} }: KurrentEventStoreOptions): Promise<EventReader> {
    const names = new StreamNames(space);
    return new KurrentEventReader(await connected(url, names, timeouts), names, 'read on');
  }

  override async append(batch: readonly StreamAppend[]): Promise<readonly AppendOutcome[]> {
    if (this.closed) throw new Error('the event store is closed');
    batch.forEach(checkAppend);
    const settled = await Promise.allSettled(batch.map((append) => this.lanes.run(append.stream, messagesOf(append), () => this.appendOne(append))));
    const failed = settled.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    if (failed) throw this.failed(failed.reason as Error);
    if (batch.length > 0) this.succeeded();
    return settled.map((each) => (each as PromiseFulfilledResult<AppendOutcome>).value);
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

  override async saveSnapshot(stream: string, snapshot: StreamSnapshot): Promise<void> {
    const [event] = await this.connection.readStream(this.names.events(stream), snapshot.revision, 1);
    const isThere = event !== undefined && Number(event.revision) === snapshot.revision && Buffer.compare(fromStored(event).hash, snapshot.hash) === 0;
    if (!isThere) throw new RangeError(`revision ${snapshot.revision} with this hash is not there`);
    await this.kept.update(this.names.snapshot(stream), (old) =>
      old && decodeSnapshot(old).revision > snapshot.revision ? undefined : encodeSnapshot(snapshot),
    );
  }

  override loadSnapshot(stream: string): Promise<StreamSnapshot | undefined> {
    return this.reader.loadSnapshot(stream);
  }

  override async saveMarks(name: string, marks: ReadonlyMap<string, number>): Promise<void> {
    if (marks.size === 0) return;
    await this.kept.update(this.names.marks(name), (old) => {
      const merged = marksOf(old);
      const higher = [...marks].filter(([stream, revision]) => revision > (merged.get(stream) ?? -1));
      for (const [stream, revision] of higher) merged.set(stream, revision);
      return higher.length > 0 ? Buffer.from(JSON.stringify([...merged])) : undefined;
    });
  }

  override async loadMarks(name: string, streams?: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const marks = marksOf(await this.kept.load(this.names.marks(name)));
    if (!streams) return marks;
    return new Map(streams.flatMap((stream) => (marks.has(stream) ? [[stream, marks.get(stream)!]] : [])));
  }

  /** Not ready after a failed append until one, or a probe that writes as much, goes through; a look at the server tells while nobody appends. */
  override health(): EventStoreHealth {
    return { ready: this.lastFailure === undefined, reasons: this.lastFailure === undefined ? [] : [this.lastFailure] };
  }

  override async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.probing);
    await this.lanes.idle();
    await this.connection.close();
  }

  private async appendOne({ stream, expectedRevision, events }: StreamAppend): Promise<AppendOutcome> {
    const name = this.names.events(stream);
    if (events.length === 0) {
      const [last] = await this.connection.readStream(name, 'end', 1);
      const actualRevision = last ? Number(last.revision) : -1;
      return actualRevision === expectedRevision ? { stream, appended: true, revision: actualRevision } : { stream, appended: false, actualRevision };
    }
    const stored = events.map((event, index) => toStored(stream, expectedRevision + 1 + index, event));
    const result = await this.connection.append(name, expectedRevision, stored);
    if (!result.appended) return { stream, appended: false, actualRevision: result.actualRevision };
    const revision = expectedRevision + events.length;
    // A stream that was deleted goes on from where it was, whatever was expected.
    if (result.lastRevision !== revision) throw new EventsMissing(`${stream} was deleted: its first event came to be revision ${result.lastRevision}`);
    return { stream, appended: true, revision };
  }

  private succeeded(): void {
    this.lastFailure = undefined;
    this.lastSuccessMs = performance.now();
  }

  private failed(error: Error): AppendFailed {
    const failure = `the last append failed (${error.name === 'Error' ? error.constructor.name : error.name})`;
    // A probe fails every second of an outage, which is told once.
    if (failure !== this.lastFailure) this.onTrouble(error);
    this.lastFailure = failure;
    return new AppendFailed(error);
  }

  /** After a failure a write, as an append would be; while all is well a look at the leader, so that an idle ledger fills no log. */
  private async probe(): Promise<void> {
    if (this.closed || this.probeRuns || !this.lanes.isIdle) return;
    this.probeRuns = true;
    try {
      if (this.lastFailure === undefined) await this.connection.readStream(this.names.probe(), 'end', 1);
      else await this.kept.update(this.names.probe(), () => new Uint8Array(0));
      this.succeeded();
    } catch (error) {
      if (!this.closed) this.failed(error as Error);
    } finally {
      this.probeRuns = false;
    }
  }
}

const connected = async (url: string, names: StreamNames, timeouts: Partial<Timeouts>): Promise<Connection> => {
  const connection = new Connection(url, { ...defaultTimeouts, ...timeouts });
  try {
    await connection.readStream(names.probe(), 'end', 1);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
};

const marksOf = (record: Uint8Array | undefined): Map<string, number> => new Map(record ? (JSON.parse(Buffer.from(record).toString()) as [string, number][]) : []);

/** @throws RangeError before anything of the batch is written. */
const checkAppend = ({ stream, expectedRevision, events }: StreamAppend): void => {
  if (!Number.isInteger(expectedRevision) || expectedRevision < -1) throw new RangeError(`${stream}: ${expectedRevision} is no revision`);
  for (const { id, type, hash } of events) {
    if (hash.length !== 32) throw new RangeError(`${stream}: the hash of ${id} has ${hash.length} bytes, not 32`);
    if (type === '' || type.startsWith('$')) throw new RangeError(`${stream}: the type of ${id} is one of the server's own`);
  }
};

const messagesOf = ({ events }: StreamAppend): number => {
  let bytes = 0;
  // The names around an event's bytes take some, too.
  for (const { data, id, type } of events) bytes += data.length + id.length + type.length + 200;
  return 1 + Math.floor((2 * bytes) / bytesPerMessage);
};
