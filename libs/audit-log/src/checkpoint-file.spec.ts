import { DurableDatabase } from '@kwota/service-kit/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aShopAndABank } from './audit-log.testing.js';
import { CheckpointFile, type SealedTree } from './checkpoint-file.js';
import { checkpointText, parseCheckpoint } from './checkpoint.js';
import { leafHashOf, placeOf } from './event-leaf.js';
import { MerkleFrontier } from './merkle-tree.js';
import { generateSignerKey, parseSignerKey } from './note-keys.js';
import { formatNote, signNote } from './signed-note.js';

const folder = mkdtempSync(join(tmpdir(), 'kwota-checkpoints-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { stored } = aShopAndABank();
const key = parseSignerKey(generateSignerKey('kwota.example.org/ledger', 'log'));

const sealed = (size: number) => {
  const frontier = MerkleFrontier.empty();
  for (const event of stored.slice(0, size)) frontier.add(leafHashOf(placeOf(event)));
  const { stream, revision, hash } = stored[size - 1]!;
  const tree: SealedTree = { frontier, last: { stream, revision, hash } };
  return { tree, checkpoint: parseCheckpoint(formatNote(signNote(checkpointText({ origin: key.name, size, root: frontier.root() }), [key]))) };
};
const save = (file: CheckpointFile, size: number): void => file.save(sealed(size).checkpoint, sealed(size).tree, 1);

it('keeps each checkpoint, and the tree of the last one', () => {
  const path = join(folder, 'kept.db');
  const writer = CheckpointFile.open(path);
  expect([writer.tree(), writer.latest()]).toEqual([undefined, undefined]);
  for (const size of [3, 9]) save(writer, size);
  writer.close();
  const reader = CheckpointFile.openReadOnly(path);
  expect(reader.all().map(({ size }) => size)).toEqual([3, 9]);
  expect(reader.ofSize(3)).toEqual(sealed(3).checkpoint);
  expect(reader.latest()).toEqual(sealed(9).checkpoint);
  expect(Buffer.from(reader.tree()!.frontier.root())).toEqual(Buffer.from(sealed(9).tree.frontier.root()));
  expect(() => save(reader, 12)).toThrow('readonly');
  reader.close();
});

it('takes no second checkpoint of a size', () => {
  const file = CheckpointFile.open(join(folder, 'twice.db'));
  save(file, 3);
  expect(() => save(file, 3)).toThrow('UNIQUE');
  expect(file.tree()?.frontier.size).toBe(3);
  file.close();
});

it('does not take another database for its own', () => {
  const path = join(folder, 'other.db');
  const other = new DurableDatabase(path);
  other.exec('CREATE TABLE something (x)');
  other.close();
  expect(() => CheckpointFile.open(path)).toThrow('no file of checkpoints');
});
