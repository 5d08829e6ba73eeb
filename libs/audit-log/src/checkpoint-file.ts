// The sealer's file: how far the tree is, and every checkpoint that was signed. Beside the events, `<data dir>/ledger/checkpoints.db`.
import { DurableDatabase } from '@kwota/service-kit/sqlite';
import { pathToFileURL } from 'node:url';
import { parseCheckpoint, type SignedCheckpoint } from './checkpoint.js';
import type { EventPlace } from './event-leaf.js';
import { MerkleFrontier } from './merkle-tree.js';
import { formatNote } from './signed-note.js';

const formatVersion = 1;
const schema = `
  CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, origin TEXT NOT NULL, sealed_at_ms INTEGER NOT NULL, note TEXT NOT NULL);
  CREATE TABLE tree (only INTEGER PRIMARY KEY CHECK (only = 1), size INTEGER NOT NULL, subtrees BLOB NOT NULL, stream TEXT NOT NULL, revision INTEGER NOT NULL, hash BLOB NOT NULL);
  PRAGMA user_version = ${formatVersion};
`;

/** The tree at the last checkpoint, with the last event in it: a store that has another one there is not the one that was sealed. */
export type SealedTree = Readonly<{ frontier: MerkleFrontier; last: Omit<EventPlace, 'index'> }>;

type TreeRow = Readonly<{ size: number; subtrees: Uint8Array; stream: string; revision: number; hash: Uint8Array }>;

export class CheckpointFile {
  private constructor(private readonly database: DurableDatabase) {
    if (versionOf(database) === formatVersion) return;
    database.close();
    throw new Error(`no file of checkpoints of format ${formatVersion}`);
  }

  /** Creates the file where there is none. @throws Error for one of another format. */
  static open(path: string): CheckpointFile {
    const database = new DurableDatabase(path);
    if (versionOf(database) === 0 && !database.prepare('SELECT 1 FROM sqlite_schema').get()) database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`);
    return new CheckpointFile(database);
  }

  /** For auditors: beside a running sealer, and never writing. */
  static openReadOnly(path: string): CheckpointFile {
    return new CheckpointFile(new DurableDatabase(`${pathToFileURL(path).href}?mode=ro`));
  }

  /** Both or neither, durable when it returns. The tree is never put back: a checkpoint of a size that is there already is refused by the database. */
  save(checkpoint: SignedCheckpoint, { frontier, last }: SealedTree, nowMs: number): void {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      this.database.prepare('INSERT INTO checkpoints VALUES (?, ?, ?, ?)').run(checkpoint.size, checkpoint.origin, nowMs, formatNote(checkpoint.note));
      this.database
        .prepare('INSERT OR REPLACE INTO tree VALUES (1, ?, ?, ?, ?, ?)')
        .run(frontier.size, frontier.encode(), last.stream, last.revision, last.hash);
      this.database.exec('COMMIT');
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  tree(): SealedTree | undefined {
    const row = this.database.prepare('SELECT size, subtrees, stream, revision, hash FROM tree').get() as TreeRow | undefined;
    return row && { frontier: MerkleFrontier.decode(row.size, row.subtrees), last: { stream: row.stream, revision: row.revision, hash: row.hash } };
  }

  latest(): SignedCheckpoint | undefined {
    return this.select('SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1')[0];
  }

  ofSize(size: number): SignedCheckpoint | undefined {
    return this.select('SELECT note FROM checkpoints WHERE size = ?', size)[0];
  }

  /** By size. */
  all(): readonly SignedCheckpoint[] {
    return this.select('SELECT note FROM checkpoints ORDER BY size');
  }

  close(): void {
    this.database.close();
  }

  private select(sql: string, ...values: readonly number[]): readonly SignedCheckpoint[] {
    return (this.database.prepare(sql).all(...values) as { note: string }[]).map(({ note }) => parseCheckpoint(note));
  }
}

const versionOf = (database: DurableDatabase): number => (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
