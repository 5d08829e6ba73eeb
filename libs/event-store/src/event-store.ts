/** An event as its writer made it: the store neither reads nor changes `data` and `hash`. */
export type EventToAppend = Readonly<{
  /** Unique in its stream and the same when its writer tries again: a repeated append is known by its ids. */
  id: string;
  type: string;
  /** Opaque, exactly as hashed. */
  data: Uint8Array;
  /** 32 bytes: SHA-256 of the hash of the stream's event before, then `data`. */
  hash: Uint8Array;
}>;

/** Events of one stream that become durable together, or not at all. */
export type StreamAppend = Readonly<{
  stream: string;
  /** The revision of the stream's last event as the writer knows it; `noStreamYet` (-1) before the first. Revisions count from 0. */
  expectedRevision: number;
  events: readonly EventToAppend[];
}>;

/** `position` orders the events of all streams, from 1, with no gap. */
export type StoredEvent = EventToAppend & Readonly<{ stream: string; revision: number; position: number }>;

/** A wrong expected revision is an outcome, stream by stream: the batch's other streams are appended all the same. */
export type AppendOutcome =
  | Readonly<{ stream: string; appended: true; revision: number }>
  | Readonly<{ stream: string; appended: false; actualRevision: number }>;

/** A stream and the revision of its last event. */
export type StreamHead = Readonly<{ stream: string; revision: number }>;

/** A fold of a stream's events up to `revision`, so that not all of them are read again at a start. */
export type StreamSnapshot = Readonly<{
  revision: number;
  /** That event's hash: whoever loads the snapshot goes on with the chain from here. */
  hash: Uint8Array;
  /** Of the code that folded: with another version the snapshot is worth nothing and the stream is read from its start. */
  reducerVersion: number;
  body: Uint8Array;
}>;

export type EventStoreHealth = Readonly<{ ready: boolean; reasons: readonly string[] }>;

export const noStreamYet = -1;

/**
 * Events in streams, appended and never changed. What a writer and a reader may count on, whichever adapter keeps them, is
 * `@kwota/event-store/conformance` in tests.
 */
export abstract class EventStore {
  /**
   * Resolves when all that is `appended` is durable; one outcome for each element of `batch`, in its order. Calls under way at the same
   * time may share one commit, in the order of the calls. An append whose events (ids and hashes) already lie at those very revisions is
   * `appended` again: a writer that never heard the answer may repeat itself. Rejects (AppendFailed) when the store cannot tell whether
   * anything was written: read the streams again before the next append.
   */
  abstract append(batch: readonly StreamAppend[]): Promise<readonly AppendOutcome[]>;

  /** One stream's events in order, from a revision (default: the first) to the last one at the end of reading. Empty for an unknown stream. */
  abstract readStream(stream: string, fromRevision?: number): AsyncIterable<StoredEvent>;

  /** All events by position, from one (default: the first) to the last one at the end of reading; never skips one that was appended earlier. */
  abstract readAll(fromPosition?: number): AsyncIterable<StoredEvent>;

  /** All streams with their last revision, in the order of their first events. */
  abstract streams(): Promise<readonly StreamHead[]>;

  /** Keeps the stream's snapshot with the highest revision. Rejects for one of an event that is not there. */
  abstract saveSnapshot(stream: string, snapshot: StreamSnapshot): Promise<void>;

  abstract loadSnapshot(stream: string): Promise<StreamSnapshot | undefined>;

  /**
   * How far something outside the store has got with each stream, as the publication of its events: revisions by stream, durable under a
   * name. A mark never goes back: the higher of the old and the new one is kept.
   */
  abstract saveMarks(name: string, marks: ReadonlyMap<string, number>): Promise<void>;

  /** All marks under the name; of some streams alone where they are given. */
  abstract loadMarks(name: string, streams?: readonly string[]): Promise<ReadonlyMap<string, number>>;

  /** Not ready after a failed append until one goes through again. */
  abstract health(): EventStoreHealth;

  /** Lets appends under way finish, then lets go of the store. */
  abstract close(): Promise<void>;
}

/** What auditors get: the half that cannot write. */
export type EventReader = Pick<EventStore, 'readStream' | 'readAll' | 'streams' | 'loadSnapshot' | 'health' | 'close'>;

/** The append may or may not be durable. */
export class AppendFailed extends Error {
  override readonly name = 'AppendFailed';

  constructor(cause: unknown) {
    super('the append failed and may or may not be durable', { cause });
  }
}
