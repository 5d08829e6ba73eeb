// A history in the two forms that an auditor may get it in, and the commands over it.
import { exportLines } from '@kwota/audit-log/audit-export';
import { checkpointText } from '@kwota/audit-log/checkpoint';
import { leafHashOf, placeOf } from '@kwota/audit-log/event-leaf';
import { MerkleTree } from '@kwota/audit-log/merkle-tree';
import { generateSignerKey, parseSignerKey } from '@kwota/audit-log/note-keys';
import { formatNote, signNote } from '@kwota/audit-log/signed-note';
import type { StoredEvent } from '@kwota/event-store';
import { DurableDatabase } from '@kwota/service-kit/sqlite';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './cli-under-test.js';

// As main.ts loads it: Nx takes no other import of it here.
const { SqliteEventStore } = await import('@kwota/event-store-sqlite');

export const folder = mkdtempSync(join(tmpdir(), 'kwota-audit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
export const inFolder = (name: string): string => join(folder, name);

/** A file with this text, or with this as JSON. */
export const write = (name: string, content: unknown): string => {
  writeFileSync(inFolder(name), typeof content === 'string' ? content : JSON.stringify(content));
  return inFolder(name);
};

export const logName = 'sms.example.org/ledger';
export const logKey = parseSignerKey(generateSignerKey(logName, 'log'));

const rootOf = (events: readonly StoredEvent[], size: number): Uint8Array => {
  const tree = new MerkleTree();
  for (const event of events) tree.add(leafHashOf(placeOf(event)));
  return tree.root(size);
};

/** What the log signed of the first `size` events. */
export const writeCheckpoint = (name: string, events: readonly StoredEvent[], size = events.length, key = logKey): string => {
  writeFileSync(inFolder(name), formatNote(signNote(checkpointText({ origin: logName, size, root: rootOf(events, size) }), [key])));
  return inFolder(name);
};

export const writeExport = async (name: string, events: readonly StoredEvent[]): Promise<string> => {
  async function* read() {
    yield* events;
  }
  let lines = '';
  for await (const line of exportLines(read())) lines += line;
  writeFileSync(inFolder(name), lines);
  return inFolder(name);
};

const withLength = (bytes: number, content: Uint8Array): Buffer => {
  const length = Buffer.alloc(bytes);
  length.writeUIntLE(content.length, 0, bytes);
  return Buffer.concat([length, content]);
};

/** Row by row as docs/audit-format.md describes the file, so that it holds whatever somebody did to the events. */
export const writeStore = async (name: string, events: readonly StoredEvent[]): Promise<string> => {
  const path = inFolder(name);
  await (await SqliteEventStore.open({ path })).close();
  const database = new DurableDatabase(path);
  const insert = database.prepare('INSERT INTO commits VALUES (?, ?, ?)');
  for (const { stream, revision, position, id, type, data, hash } of events) {
    const blob = Buffer.concat([withLength(2, Buffer.from(id)), withLength(2, Buffer.from(type)), withLength(4, data), hash]);
    insert.run(position, JSON.stringify([stream, revision, 1, blob.length]), blob);
  }
  database.close();
  return path;
};

export const openEvents = (path: string) => SqliteEventStore.openReadOnly({ path });

/** `kwota audit …` far from any installation. */
export const audit = async (commandLine: readonly string[], environment: NodeJS.ProcessEnv = {}) => {
  const surroundings = { KWOTA_DATA_DIR: inFolder('nothing-here'), ...environment };
  return run(['audit', ...commandLine], surroundings, { openEvents });
};

/** The same with --json, read. */
export const auditJson = async <Found>(commandLine: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<{ exitCode: number; found: Found }> => {
  const { exitCode, out, error } = await audit([...commandLine, '--json'], environment);
  if (out === '') throw new Error(`no answer: ${error}`);
  return { exitCode, found: JSON.parse(out) as Found };
};
