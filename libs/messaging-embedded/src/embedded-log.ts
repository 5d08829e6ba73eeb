// The log's file: commits of messages, positions of groups, latest values of compacted topics. One connection; nothing but the wait for the disk is asynchronous.
import type { IncomingMessage } from '@kwota/messaging';
import { GroupSyncedDatabase, ProcessLock } from '@kwota/service-kit/sqlite';
import { decodeCommit, encodeCommit, segmentMark, segmentsOf, type CommitRow } from './commit-row.js';

export type Position = Readonly<{ group: string; topic: string; partition: number; next: number }>;

/** What was read, and from where to go on; undefined when the end was reached. */
export type Reading = Readonly<{ messages: IncomingMessage[]; readTo: number | undefined }>;

/** Of the file, in `PRAGMA user_version`. */
const format = 3;
/** A commit of a busy moment is a megabyte: eight of them at a time. */
const rowsPerRead = 8;
/** Rows that one erasing transaction takes, so that it holds up the event loop for milliseconds. */
const rowsPerErase = 200;

const schema = `
  CREATE TABLE IF NOT EXISTS commits (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, at_ms INTEGER NOT NULL, segments TEXT NOT NULL, messages TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS positions (name TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (name, topic, partition)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS compacted (
    topic TEXT NOT NULL, key TEXT NOT NULL, partition INTEGER NOT NULL, "offset" INTEGER NOT NULL, at_ms INTEGER NOT NULL, value TEXT, headers TEXT NOT NULL,
    PRIMARY KEY (topic, key)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS compacted_by_offset ON compacted (topic, partition, "offset");
  CREATE TABLE IF NOT EXISTS erased (topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, partition)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
`;

type CompactedRow = { key: string; offset: number; atMs: number; value: string | null; headers: string };

export class EmbeddedLog {
  private readonly lock: ProcessLock | undefined;
  private readonly database: GroupSyncedDatabase;
  private readonly statements;
  /** The offset that the next message gets; it grows over all topics together. What lies at it or above is not told to anybody yet. */
  next: number;

  /** @throws Error when another process, or this one, has the file open, or it is of another kind. */
  constructor(path: string, partitionCount: number) {
    this.lock = lockOf(path);
    this.database = new GroupSyncedDatabase(path);
    try {
      this.checkFormat();
      this.database.exec(`PRAGMA secure_delete = ON; BEGIN IMMEDIATE; PRAGMA user_version = ${format}; ${schema} COMMIT`);
      this.checkSetting('partitions', partitionCount, (kept) => `the embedded log was created with ${kept} partitions, not ${partitionCount}: the count is fixed at creation`);
      this.statements = this.prepareAll();
      this.next = this.readNext();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * One commit of messages and positions, all or nothing; on the disk once `synced()` resolves. Messages have consecutive offsets from `next` on, and are not read
   * before `next` is beyond them.
   */
  append(messages: readonly IncomingMessage[], positions: readonly Position[], isCompacted: (topic: string) => boolean): void {
    const { insert, position, keep } = this.statements;
    this.transaction(() => {
      if (messages.length > 0) {
        const row = encodeCommit(messages);
        insert.run(row.first, row.count, row.atMs, row.segments, row.messages);
        for (const { topic, key, partition, offset, timestampMs, value, headers } of messages)
          if (isCompacted(topic)) keep.run(topic, key, partition, offset, timestampMs, value, JSON.stringify(headers));
      }
      for (const { group, topic, partition, next } of positions) position.run(group, topic, partition, next);
    });
  }

  /** @throws SyncFailed when the disk did not take what was appended: nobody can tell what of it is there. */
  synced(): Promise<void> {
    return this.database.synced();
  }

  /** A topic's messages from an offset on, of one partition where it is given: about `messagesMax`, always whole commits. */
  read(topic: string, partition: number | undefined, from: number, messagesMax: number): Reading {
    const messages: IncomingMessage[] = [];
    const mark = segmentMark(topic, partition);
    for (let at = from; ; ) {
      const rows = this.statements.read.all(at, at, this.next, mark, rowsPerRead) as CommitRow[];
      for (const row of rows) for (const message of decodeCommit(row, topic, partition)) if (message.offset >= from) messages.push(message);
      const last = rows[rows.length - 1];
      if (!last || rows.length < rowsPerRead) return { messages, readTo: undefined };
      at = last.first + last.count;
      if (messages.length >= messagesMax) return { messages, readTo: at };
    }
  }

  /** A compacted topic's latest values from an offset on, of tombstones those from their own offset on. */
  readLatest(topic: string, partition: number, from: number, messagesMax: number, tombstonesFrom: number): Reading {
    const rows = this.statements.latest.all(topic, partition, from, this.next, messagesMax) as CompactedRow[];
    const messages = rows.map(({ key, offset, atMs, value, headers }) => ({ topic, partition, key, offset, timestampMs: atMs, value, headers: JSON.parse(headers) as Record<string, string> }));
    const last = rows.length === messagesMax ? rows[rows.length - 1] : undefined;
    return { messages: messages.filter(({ value, offset }) => value !== null || offset >= tombstonesFrom), readTo: last && last.offset + 1 };
  }

  positionsOf(group: string, topic: string): Map<number, number> {
    const rows = this.statements.positions.all(group, topic) as { partition: number; next: number }[];
    return new Map(rows.map(({ partition, next }) => [partition, next]));
  }

  /** Below this offset a topic's messages of a partition have been erased. */
  erasedTo(topic: string, partition: number): number {
    return (this.statements.erasedTo.get(topic, partition) as { next: number } | undefined)?.next ?? 0;
  }

  /**
   * Erases some of what is older than `beforeMs`, oldest first, and remembers how far: whoever still wants it must learn that it is gone.
   * Of compacted topics only tombstones go. True when there is more to erase.
   */
  eraseSome(beforeMs: number, isCompacted: (topic: string) => boolean): boolean {
    const { oldest, drop, erased, keepNext, oldTombstones, dropTombstone } = this.statements;
    const rows = (oldest.all(rowsPerErase) as Pick<CommitRow, 'first' | 'atMs' | 'segments'>[]).filter(({ atMs }) => atMs < beforeMs);
    const tombstones = oldTombstones.all(beforeMs, rowsPerErase) as { topic: string; key: string; partition: number; offset: number }[];
    if (rows.length === 0 && tombstones.length === 0) return false;
    this.transaction(() => {
      keepNext.run(this.next);
      for (const { first, segments } of rows) {
        for (const [topic, partition, last] of segmentsOf({ segments })) if (!isCompacted(topic)) erased.run(topic, partition, first + last + 1);
        drop.run(first);
      }
      for (const { topic, key, partition, offset } of tombstones) {
        erased.run(topic, partition, offset + 1);
        dropTombstone.run(topic, key);
      }
    });
    return rows.length === rowsPerErase || tombstones.length === rowsPerErase;
  }

  /** To be called when nothing waits for the disk. */
  close(): void {
    this.database.close();
    this.lock?.release();
  }

  private transaction(work: () => void): void {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.database.exec('COMMIT');
    } catch (error) {
      // On a full disk SQLite has rolled back by itself already.
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  private prepareAll() {
    const prepare = (sql: string) => this.database.prepare(sql);
    return {
      insert: prepare('INSERT INTO commits VALUES (?, ?, ?, ?, ?)'),
      position: prepare('INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?)'),
      keep: prepare('INSERT OR REPLACE INTO compacted VALUES (?, ?, ?, ?, ?, ?, ?)'),
      read: prepare(`
        SELECT first, count, at_ms AS atMs, segments, messages FROM commits
        WHERE first >= coalesce((SELECT max(first) FROM commits WHERE first <= ?), 0) AND first + count > ? AND first < ? AND instr(segments, ?) > 0 ORDER BY first LIMIT ?`),
      latest: prepare('SELECT key, "offset", at_ms AS atMs, value, headers FROM compacted WHERE topic = ? AND partition = ? AND "offset" >= ? AND "offset" < ? ORDER BY "offset" LIMIT ?'),
      positions: prepare('SELECT partition, next FROM positions WHERE name = ? AND topic = ?'),
      oldest: prepare('SELECT first, at_ms AS atMs, segments FROM commits ORDER BY first LIMIT ?'),
      drop: prepare('DELETE FROM commits WHERE first = ?'),
      oldTombstones: prepare('SELECT topic, key, partition, "offset" FROM compacted WHERE value IS NULL AND at_ms < ? LIMIT ?'),
      dropTombstone: prepare('DELETE FROM compacted WHERE topic = ? AND key = ?'),
      erased: prepare('INSERT INTO erased VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET next = max(next, excluded.next)'),
      erasedTo: prepare('SELECT next FROM erased WHERE topic = ? AND partition = ?'),
      keepNext: prepare("INSERT OR REPLACE INTO settings VALUES ('next', ?)"),
    };
  }

  /** Offsets go on where they were, also when everything has been erased. */
  private readNext(): number {
    const last = this.database.prepare('SELECT first + count AS next FROM commits ORDER BY first DESC LIMIT 1').get() as { next: number } | undefined;
    const kept = this.database.prepare("SELECT value AS next FROM settings WHERE name = 'next'").get() as { next: number } | undefined;
    return Math.max(last?.next ?? 1, kept?.next ?? 1);
  }

  private checkFormat(): void {
    const { user_version: found } = this.database.prepare('PRAGMA user_version').get() as { user_version: number };
    const { tables } = this.database.prepare('SELECT count(*) AS tables FROM sqlite_master').get() as { tables: number };
    if (tables > 0 && found !== format) throw new Error(`the embedded log is of format ${found}, and this version reads format ${format}`);
  }

  private checkSetting(name: string, wanted: number, mistake: (kept: number) => string): void {
    this.database.prepare('INSERT OR IGNORE INTO settings VALUES (?, ?)').run(name, wanted);
    const { value } = this.database.prepare('SELECT value FROM settings WHERE name = ?').get(name) as { value: number };
    if (value !== wanted) throw new Error(mistake(value));
  }
}

/** Two processes on one log would give the same offsets twice. */
const lockOf = (path: string): ProcessLock | undefined => {
  if (path === ':memory:') return undefined;
  try {
    return new ProcessLock(`${path}.lock`);
  } catch (error) {
    throw new Error('the embedded log is in use by another process', { cause: error });
  }
};
