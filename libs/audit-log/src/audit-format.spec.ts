// The examples of docs/audit-format.md are what this library makes and takes.
import { readFileSync } from 'node:fs';
import { base64Of, parseCheckpoint } from './checkpoint.js';
import { leafHashOf } from './event-leaf.js';
import { MerkleTree } from './merkle-tree.js';
import { parseVerifierKey } from './note-keys.js';
import { verifyNote } from './signed-note.js';

const page = readFileSync(new URL('../../../docs/audit-format.md', import.meta.url), 'utf8');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const hashes = Array.from(page.matchAll(/^\{"v":1,.*\}\n([0-9a-f]{64})$/gm), ([, hash]) => Buffer.from(hash!, 'hex'));
const leaves = hashes.map((hash, index) => leafHashOf({ index, stream: 'credit-demo', revision: index, hash }));
const tree = new MerkleTree();
for (const leaf of leaves) tree.add(leaf);

it('the leaves and their root are those of the two events', () => {
  const stated = [/^leaf hash 0 {2}(.*)$/m, /^leaf hash 1 {2}(.*)$/m, /^root of both (.*)$/m].map((line) => line.exec(page)?.[1]);
  expect([...leaves, tree.root()].map(hex)).toEqual(stated);
});

it('the checkpoint is of that tree, and the key signed it', () => {
  const [note = ''] = /^sms\.example\.org\/ledger\n2\n.*\n\n— .*\n/m.exec(page) ?? [];
  const [, key = ''] = /The key of the example is `(.*)`\./.exec(page) ?? [];
  const checkpoint = parseCheckpoint(note);
  expect([checkpoint.size, base64Of(checkpoint.root)]).toEqual([2, base64Of(tree.root())]);
  expect(verifyNote(checkpoint.note, [parseVerifierKey(key)]).ok).toBe(true);
});
