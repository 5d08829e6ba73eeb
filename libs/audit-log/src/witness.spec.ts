import { checkpointText, parseCheckpoint } from './checkpoint.js';
import { hashOfLeaf, MerkleTree } from './merkle-tree.js';
import { generateSignerKey, parseSignerKey } from './note-keys.js';
import { formatNote, NotANote, signNote } from './signed-note.js';
import { formatWitnessRequest, nothingSeen, parseWitnessRequest, refusalOf, type WitnessRequest } from './witness.js';

const origin = 'kwota.example.org/ledger';
const key = parseSignerKey(generateSignerKey(origin, 'log'));
const keys = [key.verifier];

const treeOf = (leaves: readonly string[]): MerkleTree => {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.add(hashOfLeaf(Buffer.from(leaf)));
  return tree;
};
const tree = treeOf(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
const rewritten = treeOf(['a', 'b', 'X', 'd', 'e', 'f', 'g']);

const request = (oldSize: number, size: number, { of = tree, by = key } = {}): WitnessRequest => ({
  oldSize,
  proof: of.consistencyProof(oldSize, size),
  checkpoint: parseCheckpoint(formatNote(signNote(checkpointText({ origin, size, root: of.root(size) }), [by]))),
});
const seen = (size: number) => ({ size, root: tree.root(size) });

describe('a witness', () => {
  it('takes the first checkpoint that it sees of a log', () => expect(refusalOf(request(0, 4), nothingSeen, keys)).toBeUndefined());
  it('takes one that goes on from the last, and the last again', () => {
    expect(refusalOf(request(4, 7), seen(4), keys)).toBeUndefined();
    expect(refusalOf(request(4, 4), seen(4), keys)).toBeUndefined();
  });
  it('refuses a log that it was not told of', () => expect(refusalOf(request(0, 4), nothingSeen, [])).toBe('origin-unknown'));
  it("refuses what the log's key did not sign", () => {
    const other = parseSignerKey(generateSignerKey(origin, 'log'));
    expect(refusalOf(request(0, 4, { by: other }), nothingSeen, keys)).toBe('not-signed');
  });
  it('refuses a tree that shrank', () => expect(refusalOf(request(4, 5), seen(6), keys)).toBe('smaller-than-seen'));
  it('refuses a second tree of the same size', () => expect(refusalOf(request(4, 4, { of: rewritten }), seen(4), keys)).toBe('split-view'));
  it('refuses a proof from another size than the last', () => expect(refusalOf(request(3, 7), seen(4), keys)).toBe('old-size-differs'));
  it('refuses a history that was written anew', () => expect(refusalOf(request(4, 7, { of: rewritten }), seen(4), keys)).toBe('inconsistent'));
});

describe('a request', () => {
  it('is the body of add-checkpoint', () => {
    const given = request(4, 7);
    expect(formatWitnessRequest(given)).toMatch(/^old 4\n([\w+/]{43}=\n){1}\nkwota\.example\.org\/ledger\n7\n/);
    expect(parseWitnessRequest(formatWitnessRequest(given))).toEqual({ ...given, proof: given.proof.map((hash) => Buffer.from(hash)) });
    expect(parseWitnessRequest(formatWitnessRequest(request(0, 4)))).toMatchObject({ oldSize: 0, proof: [] });
  });

  it.each(['', 'old 04\n\n', 'old 4\nAAAA\n\n', 'new 4\n\n'])('%j is none', (head) =>
    expect(() => parseWitnessRequest(`${head}${formatNote(request(0, 4).checkpoint.note)}`)).toThrow(NotANote),
  );
});
