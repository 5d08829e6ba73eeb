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
import { checkAppend } from './commit-row.js';
import { CommitPlan } from './commit-plan.js';
import { EventFile } from './event-file.js';
import { SqliteEventReader } from './sqlite-event-reader.js';

/** Calls that wait share a commit up to this: 8,192 events of 400 bytes are a blob of 3 MB. */
const eventsPerCommitMax = 8_192;

type Call = Readonly<{
  batch: readonly StreamAppend[];
  resolve: (outcomes: readonly AppendOutcome[]) => void;
  reject: (error: Error) => void;
}>;

/** Events in one SQLite file: a commit is one row and one sync of the disk, however many events and streams it has. */
export class SqliteEventStore extends EventStore {
  private readonly reader: SqliteEventReader;
  private waiting: Call[] = [];
  private lastFailure: string | undefined;
  private closed = false;

  private constructor(private readonly file: EventFile) {
    super();
    this.reader = new SqliteEventReader(file);
  }

  /** Creates the file where there is none. Throws for a file of another format. */
  static async open({ path }: Readonly<{ path: string }>): Promise<SqliteEventStore> {
    return new SqliteEventStore(new EventFile(path, 'write'));
  }

  /** For auditors: works beside a running ledger, sees what it commits, and never writes. */
  static async openReadOnly({ path }: Readonly<{ path: string }>): Promise<EventReader> {
    return new SqliteEventReader(new EventFile(path, 'read'));
  }

  /** The commit holds up the event loop (0.2 ms and more); calls made until the loop's next turn share it. */
  override append(batch: readonly StreamAppend[]): Promise<readonly AppendOutcome[]> {
    return new Promise((resolve, reject) => {
      if (this.closed) throw new Error('the event store is closed');
      batch.forEach(checkAppend);
      if (this.waiting.length === 0) setImmediate(() => this.commitWaiting());
      this.waiting.push({ batch, resolve, reject });
    });
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
    const [event] = this.file.eventsFrom(stream, snapshot.revision);
    if (!event || Buffer.compare(event.hash, snapshot.hash) !== 0) throw new RangeError(`revision ${snapshot.revision} with this hash is not there`);
    this.file.saveSnapshot(stream, snapshot);
  }

  override loadSnapshot(stream: string): Promise<StreamSnapshot | undefined> {
    return this.reader.loadSnapshot(stream);
  }

  override async saveMarks(name: string, marks: ReadonlyMap<string, number>): Promise<void> {
    this.file.saveMarks(name, marks);
  }

  override async loadMarks(name: string, streams?: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const all = this.file.loadMarks(name);
    return streams ? new Map(streams.flatMap((stream) => (all.has(stream) ? [[stream, all.get(stream) as number]] : []))) : all;
  }

  override health(): EventStoreHealth {
    return { ready: this.lastFailure === undefined, reasons: this.lastFailure === undefined ? [] : [this.lastFailure] };
  }

  override async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    while (this.waiting.length > 0) this.commitWaiting();
    this.file.close();
  }

  private commitWaiting(): void {
    const calls = this.takeWaiting();
    if (calls.length === 0) return;
    if (this.waiting.length > 0) setImmediate(() => this.commitWaiting());
    try {
      const outcomes: AppendOutcome[][] = [];
      this.file.exclusively(() => {
        const plan = new CommitPlan(this.file);
        for (const { batch } of calls) outcomes.push(batch.map((append) => plan.decide(append)));
        return plan.accepted;
      });
      this.lastFailure = undefined;
      calls.forEach(({ resolve }, index) => resolve(outcomes[index]!));
    } catch (error) {
      const failure = new AppendFailed(error);
      this.lastFailure = failure.message;
      for (const { reject } of calls) reject(failure);
    }
  }

  private takeWaiting(): readonly Call[] {
    let events = 0;
    let count = 0;
    while (count < this.waiting.length && (count === 0 || events < eventsPerCommitMax)) {
      for (const append of this.waiting[count]!.batch) events += append.events.length;
      count += 1;
    }
    const calls = this.waiting.slice(0, count);
    this.waiting = this.waiting.slice(count);
    return calls;
  }
}
