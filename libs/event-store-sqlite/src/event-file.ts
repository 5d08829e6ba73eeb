// The store's file: commits of events, snapshots. Everything synchronous, one connection.
import { pathToFileURL } from 'node:url';
import type { EventToAppend, StoredEvent, StreamAppend, StreamSnapshot } from '@kwota/event-store';
import { DurableDatabase } from '@kwota/service-kit/sqlite';
import { decodeCommit, encodeCommit, encodeHeads, headsOf, type CommitRow, type HeadField } from './commit-row.js';
import { StreamIndex } from './stream-index.js';

/** Of the tables and of a commit's blob; PRAGMA user_version of the file. */
const formatVersion = 1;

/** `events` stands last: heads are read at each opening, and SQLite leaves a blob's further pages alone when it is not asked for them. */
const schema = `
  CREATE TABLE commits (position INTEGER PRIMARY KEY, heads TEXT NOT NULL, events BLOB NOT NULL);
  CREATE TABLE snapshots (stream TEXT PRIMARY KEY, revision INTEGER NOT NULL, reducer_version INTEGER NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
  PRAGMA user_version = ${formatVersion};
`;

/** Younger than format 1 and beside it: a file without marks has none. */
const marksTable = 'CREATE TABLE IF NOT EXISTS marks (name TEXT NOT NULL, stream TEXT NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (name, stream)) WITHOUT ROWID';

const headsPerRead = 4_096;

export type FileAccess = 'write' | 'read';

/** Somebody took events out of the file. */
export class EventsMissing extends Error {
  override readonly name = 'EventsMissing';
}

export class EventFile {
  readonly index = new StreamIndex();
  private readonly database: DurableDatabase;
  private readonly statements;
  private knownVersion: number | undefined;

  /** To write creates the file where there is none; to read changes nothing, also while another process writes. */
  constructor(
    path: string,
    private readonly access: FileAccess,
  ) {
    this.database = new DurableDatabase(access === 'write' ? path : `${pathToFileURL(path).href}?mode=ro`);
    try {
      this.prepareFormat();
      this.statements = this.prepareStatements();
      this.readNewerHeads();
    } catch (error) {
      this.database.close();
      throw error;
    }
  }

  /** Runs `work` with no other writer beside it and with the index up to date; what it inserted is durable when this returns. */
  exclusively(work: () => readonly StreamAppend[]): void {
    const { begin, commit, rollback, insert } = this.statements;
    begin.run();
    try {
      this.readWhatOthersCommitted();
      const appends = work();
      const position = this.index.nextPosition;
      const { heads, events } = encodeCommit(appends);
      if (appends.length > 0) insert.run(position, encodeHeads(heads), events);
      commit.run();
      if (appends.length > 0) this.index.add(position, heads);
    } catch (error) {
      // A failed COMMIT may have rolled back by itself already.
      if (this.database.isTransaction) rollback.run();
      throw error;
    }
  }

  /** Within a transaction. Asking whether there is anything costs a tenth of looking for it (https://sqlite.org/pragma.html#pragma_data_version). */
  private readWhatOthersCommitted(): void {
    const { data_version: version } = this.statements.version.get() as { data_version: number };
    if (version === this.knownVersion) return;
    this.readNewerHeads();
    this.knownVersion = version;
  }

  /** What another connection committed since. */
  readNewerHeads(): void {
    for (;;) {
      const { commits } = this.statements.newerHeads.get(this.index.nextPosition, headsPerRead) as { commits: string | null };
      if (commits === null) return;
      for (const [position, ...heads] of JSON.parse(`[${commits}]`) as [number, ...HeadField[]][]) {
        const next = this.index.nextPosition;
        // An auditor reads on, to tell what is missing; a ledger must not go on from it.
        if (position < next || (position > next && this.access === 'write')) throw new EventsMissing(`position ${next} is gone`);
        this.index.add(position, headsOf(heads));
      }
    }
  }

  /** The commit at a position and those after it, at most `limit`. */
  commitsFrom(position: number, limit: number): CommitRow[] {
    return this.statements.commits.all(position, limit) as CommitRow[];
  }

  /** The events of one stream in the commit that holds this revision, from it on; none past the end. */
  eventsFrom(stream: string, revision: number): StoredEvent[] {
    const position = this.index.commitOf(stream, revision);
    if (position === undefined) return [];
    const [row] = this.commitsFrom(position, 1);
    if (row?.position !== position) throw new EventsMissing(`the commit at position ${position} is gone`);
    const events = decodeCommit(row, stream).filter((event) => event.revision >= revision);
    if (events.length === 0) throw new EventsMissing(`revision ${revision} of ${stream} is gone`);
    return events;
  }

  /** Whether these very events, by id and hash, lie from this revision on. */
  holds(stream: string, firstRevision: number, events: readonly Pick<EventToAppend, 'id' | 'hash'>[]): boolean {
    let checked = 0;
    while (checked < events.length) {
      const stored = this.eventsFrom(stream, firstRevision + checked);
      if (stored.length === 0) return false;
      for (const { id, hash } of stored.slice(0, events.length - checked)) {
        const event = events[checked];
        if (!event || event.id !== id || Buffer.compare(event.hash, hash) !== 0) return false;
        checked += 1;
      }
    }
    return true;
  }

  saveSnapshot(stream: string, { revision, reducerVersion, hash, body }: StreamSnapshot): void {
    this.statements.saveSnapshot.run(stream, revision, reducerVersion, hash, body);
  }

  loadSnapshot(stream: string): StreamSnapshot | undefined {
    return this.statements.loadSnapshot.get(stream) as StreamSnapshot | undefined;
  }

  saveMarks(name: string, marks: ReadonlyMap<string, number>): void {
    if (marks.size === 0) return;
    const { begin, commit, rollback } = this.statements;
    const save = this.database.prepare(
      'INSERT INTO marks (name, stream, revision) VALUES (?, ?, ?) ON CONFLICT (name, stream) DO UPDATE SET revision = max(revision, excluded.revision)',
    );
    begin.run();
    try {
      for (const [stream, revision] of marks) save.run(name, stream, revision);
      commit.run();
    } catch (error) {
      if (this.database.isTransaction) rollback.run();
      throw error;
    }
  }

  loadMarks(name: string): Map<string, number> {
    const rows = this.database.prepare('SELECT stream, revision FROM marks WHERE name = ?').all(name) as { stream: string; revision: number }[];
    return new Map(rows.map(({ stream, revision }) => [stream, revision]));
  }

  close(): void {
    this.database.close();
  }

  private prepareFormat(): void {
    const database = this.database;
    const versionOf = () => (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
    const isNew = () => versionOf() === 0 && database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined;
    if (this.access === 'write' && isNew()) {
      database.exec('BEGIN IMMEDIATE');
      // Another process may have been first.
      if (isNew()) database.exec(schema);
      database.exec('COMMIT');
    }
    if (versionOf() === formatVersion && this.access === 'write') database.exec(marksTable);
    if (versionOf() !== formatVersion) throw new Error(`no event store of format ${formatVersion}: the file says ${versionOf()}`);
  }

  private prepareStatements() {
    const prepare = (sql: string) => this.database.prepare(sql);
    return {
      begin: prepare('BEGIN IMMEDIATE'),
      commit: prepare('COMMIT'),
      rollback: prepare('ROLLBACK'),
      version: prepare('PRAGMA data_version'),
      insert: prepare('INSERT INTO commits VALUES (?, ?, ?)'),
      // Each commit as [position, head, …]: one text of many commits comes over faster than as many rows.
      newerHeads: prepare(
        `SELECT group_concat('[' || position || ',' || substr(heads, 2)) AS commits
         FROM (SELECT position, heads FROM commits WHERE position >= ? ORDER BY position LIMIT ?)`,
      ),
      commits: prepare(
        `SELECT position, heads, events FROM commits
         WHERE position >= (SELECT ifnull(max(position), 0) FROM commits WHERE position <= ?) ORDER BY position LIMIT ?`,
      ),
      saveSnapshot: prepare(
        `INSERT INTO snapshots (stream, revision, reducer_version, hash, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (stream) DO UPDATE
         SET revision = excluded.revision, reducer_version = excluded.reducer_version, hash = excluded.hash, body = excluded.body
         WHERE excluded.revision >= snapshots.revision`,
      ),
      loadSnapshot: prepare('SELECT revision, reducer_version AS reducerVersion, hash, body FROM snapshots WHERE stream = ?'),
    };
  }
}
