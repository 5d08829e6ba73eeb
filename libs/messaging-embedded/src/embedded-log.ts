// The log's file: commits of messages, positions of groups, latest values of compacted topics. Everything synchronous, one connection.
import { DurableDatabase } from '@kwota/service-kit/sqlite';
import type { IncomingMessage } from '@kwota/messaging';

/** One message as it lies in a commit's row: topic, partition, key, headers, value, time. */
type StoredMessage = [topic: string, partition: number, key: string, headers: Record<string, string>, value: string | null, timestampMs: number];

export type Position = Readonly<{ group: string; topic: string; partition: number; next: number }>;

const schema = `
  CREATE TABLE IF NOT EXISTS commits (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, at_ms INTEGER NOT NULL, messages TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS positions (name TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (name, topic, partition)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS compacted (topic TEXT NOT NULL, key TEXT NOT NULL, "offset" INTEGER NOT NULL, message TEXT NOT NULL, PRIMARY KEY (topic, key)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`;

export class EmbeddedLog {
  private readonly database: DurableDatabase;
  private readonly statements;
  /** The offset that the next message gets; it grows over all topics together. */
  next: number;

  constructor(
    path: string,
    private readonly partitionCount: number,
  ) {
    this.database = new DurableDatabase(path);
    this.database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`);
    this.statements = {
      begin: this.database.prepare('BEGIN IMMEDIATE'),
      commit: this.database.prepare('COMMIT'),
      rollback: this.database.prepare('ROLLBACK'),
      insert: this.database.prepare('INSERT INTO commits VALUES (?, ?, ?, ?)'),
      position: this.database.prepare('INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?)'),
      keep: this.database.prepare('INSERT OR REPLACE INTO compacted VALUES (?, ?, ?, ?)'),
      drop: this.database.prepare('DELETE FROM compacted WHERE topic = ? AND key = ?'),
      read: this.database.prepare('SELECT first, messages FROM commits WHERE first + count > ? ORDER BY first LIMIT ?'),
    };
    this.checkPartitionCount();
    const end = this.database.prepare('SELECT max(first + count) AS next FROM commits').get() as { next: number | null };
    const kept = this.database.prepare("SELECT value FROM settings WHERE name = 'next'").get() as { value: string } | undefined;
    this.next = Math.max(end.next ?? 1, Number(kept?.value ?? 1));
  }

  /** One durable commit of messages and positions, all or nothing. Messages have their offsets already. */
  append(messages: readonly IncomingMessage[], positions: readonly Position[], isCompacted: (topic: string) => boolean): void {
    const { begin, commit, rollback, insert, position, keep, drop } = this.statements;
    const [first] = messages;
    begin.run();
    try {
      if (first) {
        const stored = messages.map(({ topic, partition, key, headers, value, timestampMs }): StoredMessage => [
          topic,
          partition,
          key,
          headers,
          value,
          timestampMs,
        ]);
        insert.run(first.offset, messages.length, first.timestampMs, JSON.stringify(stored));
        for (const [index, { topic, key, value, offset }] of messages.entries()) {
          if (!isCompacted(topic)) continue;
          if (value === null) drop.run(topic, key);
          else keep.run(topic, key, offset, JSON.stringify(stored[index]));
        }
      }
      for (const { group, topic, partition, next } of positions) position.run(group, topic, partition, next);
      commit.run();
    } catch (error) {
      // A failed COMMIT may have rolled back by itself already.
      if (this.database.isTransaction) rollback.run();
      throw error;
    }
  }

  /** Whole commits from an offset on, flattened; at least one commit where there is any. */
  read(from: number, commitsMax: number): IncomingMessage[] {
    const rows = this.statements.read.all(from, commitsMax) as { first: number; messages: string }[];
    return rows.flatMap(({ first, messages }) =>
      (JSON.parse(messages) as StoredMessage[]).map((stored, index) => incomingOf(stored, first + index)).filter(({ offset }) => offset >= from),
    );
  }

  /** A compacted topic's latest values in the order of their writing. */
  latest(topic: string): IncomingMessage[] {
    const rows = this.database.prepare('SELECT "offset", message FROM compacted WHERE topic = ? ORDER BY "offset"').all(topic) as {
      offset: number;
      message: string;
    }[];
    return rows.map(({ offset, message }) => incomingOf(JSON.parse(message) as StoredMessage, offset));
  }

  positionsOf(group: string, topic: string): Map<number, number> {
    const rows = this.database.prepare('SELECT partition, next FROM positions WHERE name = ? AND topic = ?').all(group, topic) as {
      partition: number;
      next: number;
    }[];
    return new Map(rows.map(({ partition, next }) => [partition, next]));
  }

  /** The lowest offset that is still kept. */
  get oldest(): number {
    return (this.database.prepare('SELECT min(first) AS oldest FROM commits').get() as { oldest: number | null }).oldest ?? this.next;
  }

  /** Erases commits older than `beforeMs`: the texts in them are gone then. */
  erase(beforeMs: number): void {
    this.database.prepare("INSERT OR REPLACE INTO settings VALUES ('next', ?)").run(String(this.next));
    this.database.prepare('DELETE FROM commits WHERE at_ms < ?').run(beforeMs);
  }

  close(): void {
    this.database.close();
  }

  private checkPartitionCount(): void {
    this.database.prepare("INSERT OR IGNORE INTO settings VALUES ('partitions', ?)").run(String(this.partitionCount));
    const { value } = this.database.prepare("SELECT value FROM settings WHERE name = 'partitions'").get() as { value: string };
    if (Number(value) !== this.partitionCount) {
      this.close();
      throw new Error(`the embedded log was created with ${value} partitions, not ${this.partitionCount}: the count is fixed at creation`);
    }
  }
}

const incomingOf = ([topic, partition, key, headers, value, timestampMs]: StoredMessage, offset: number): IncomingMessage => ({
  topic,
  partition,
  key,
  headers,
  value,
  timestampMs,
  offset,
});
