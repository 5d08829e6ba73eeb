import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { verifyConsistency, verifyInclusion } from './merkle-proofs.js';
import { emptyRoot, hashOfLeaf, hashOfNode, MerkleFrontier, MerkleTree } from './merkle-tree.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'hex');

/** The leaves and roots of Certificate Transparency's own tests for RFC 6962. */
const ctLeaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(bytesOf);
const ctRoots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const treeOf = (leaves: readonly Uint8Array[]): MerkleTree => {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.add(hashOfLeaf(leaf));
  return tree;
};
const ctTree = treeOf(ctLeaves);

/** MTH, PATH and PROOF as RFC 6962 section 2.1 writes them, over lists. */
const split = (count: number): number => {
  let k = 1;
  while (2 * k < count) k *= 2;
  return k;
};
const mth = (leaves: readonly Uint8Array[]): Uint8Array => {
  if (leaves.length === 0) return createHash('sha256').digest();
  if (leaves.length === 1) return hashOfLeaf(leaves[0]!);
  const k = split(leaves.length);
  return hashOfNode(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
};
const path = (m: number, leaves: readonly Uint8Array[]): Uint8Array[] => {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k ? [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))] : [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))];
};
const subproof = (m: number, leaves: readonly Uint8Array[], whole: boolean): Uint8Array[] => {
  if (m === leaves.length) return whole ? [] : [mth(leaves)];
  const k = split(leaves.length);
  return m <= k ? [...subproof(m, leaves.slice(0, k), whole), mth(leaves.slice(k))] : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))];
};

const someLeaves = fc.array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 70 });
const sizesOf = (leaves: readonly Uint8Array[]) =>
  fc.tuple(fc.nat(leaves.length), fc.nat(leaves.length)).map((sizes) => sizes.toSorted((a, b) => a - b) as [number, number]);

describe('the tree', () => {
  it('has the roots of the vectors for RFC 6962, at every size', () => expect(ctRoots.map((_, size) => hex(ctTree.root(size)))).toEqual(ctRoots));

  it('gives the inclusion proofs of the vectors', () => {
    expect(ctTree.inclusionProof(0, 1)).toEqual([]);
    expect(ctTree.inclusionProof(0, 8).map(hex)).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ]);
    expect(ctTree.inclusionProof(5, 8).map(hex)).toEqual([
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
    expect(ctTree.inclusionProof(2, 3).map(hex)).toEqual([ctRoots[2]]);
  });

  it('gives the consistency proofs of the vectors', () => {
    expect(ctTree.consistencyProof(6, 8).map(hex)).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
    expect(ctTree.consistencyProof(2, 5).map(hex)).toEqual([
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ]);
  });

  it('is what RFC 6962 defines, with all its proofs, for any leaves', () =>
    fc.assert(
      fc.property(
        someLeaves.chain((leaves) => fc.tuple(fc.constant(leaves), sizesOf(leaves))),
        ([leaves, [oldSize, size]]) => {
          const tree = treeOf(leaves);
          const first = leaves.slice(0, size);
          expect(hex(tree.root(size))).toBe(hex(mth(first)));
          for (let index = 0; index < size; index += 1) expect(tree.inclusionProof(index, size).map(hex)).toEqual(path(index, first).map(hex));
          if (oldSize > 0) expect(tree.consistencyProof(oldSize, size).map(hex)).toEqual(subproof(oldSize, first, true).map(hex));
        },
      ),
      { numRuns: 60 },
    ));

  it('asks for no leaf that it does not have', () => {
    expect(() => ctTree.root(9)).toThrow(RangeError);
    expect(() => ctTree.inclusionProof(8)).toThrow(RangeError);
    expect(() => ctTree.consistencyProof(9)).toThrow(RangeError);
  });
});

describe('the frontier', () => {
  it('has the root of the whole tree at every size, also when it was put away in between', () => {
    let frontier = MerkleFrontier.empty();
    expect(frontier.root()).toEqual(emptyRoot);
    ctLeaves.forEach((leaf, index) => {
      frontier.add(hashOfLeaf(leaf));
      expect([frontier.size, hex(frontier.root())]).toEqual([index + 1, ctRoots[index + 1]]);
      frontier = MerkleFrontier.decode(frontier.size, frontier.encode());
    });
  });

  it('does not take the subtrees of another size', () => {
    expect(() => MerkleFrontier.decode(2, Buffer.alloc(64))).toThrow(RangeError);
    expect(() => MerkleFrontier.decode(1, Buffer.alloc(31))).toThrow(RangeError);
  });
});

/** Each way to bend a proof: another hash, one less, one more. */
const bent = (proof: readonly Uint8Array[]): (readonly Uint8Array[])[] =>
  [
    ...proof.map((hash, at) =>
      proof.with(
        at,
        Uint8Array.from(hash, (byte, index) => (index === 7 ? byte ^ 1 : byte)),
      ),
    ),
    proof.slice(1),
    proof.slice(0, -1),
    [...proof, emptyRoot],
    [emptyRoot, ...proof],
  ].filter((other) => other.map(hex).join() !== proof.map(hex).join());

describe('a proof', () => {
  it('of inclusion holds for its leaf, index, size and root, and for no other', () =>
    fc.assert(
      fc.property(
        someLeaves.chain((leaves) => fc.tuple(fc.constant(leaves), fc.nat(leaves.length - 1))),
        ([leaves, index]) => {
          const tree = treeOf(leaves);
          const claim = { leafHash: hashOfLeaf(leaves[index]!), index, size: tree.size, root: tree.root(), proof: tree.inclusionProof(index) };
          expect(verifyInclusion(claim)).toBe(true);
          expect(verifyInclusion({ ...claim, leafHash: hashOfLeaf(Buffer.from('another')) })).toBe(false);
          expect(verifyInclusion({ ...claim, root: emptyRoot })).toBe(false);
          expect(verifyInclusion({ ...claim, index: tree.size })).toBe(false);
          for (const proof of bent(claim.proof)) expect(verifyInclusion({ ...claim, proof })).toBe(false);
        },
      ),
      { numRuns: 60 },
    ));

  it('of consistency holds between the two trees, and between no others', () =>
    fc.assert(
      fc.property(
        someLeaves.chain((leaves) => fc.tuple(fc.constant(leaves), sizesOf(leaves))),
        ([leaves, [oldSize, size]]) => {
          const tree = treeOf(leaves);
          const claim = { oldSize, oldRoot: tree.root(oldSize), size, root: tree.root(size), proof: tree.consistencyProof(oldSize, size) };
          expect(verifyConsistency(claim)).toBe(true);
          expect(verifyConsistency({ ...claim, oldRoot: hashOfLeaf(Buffer.from('another')) })).toBe(false);
          if (oldSize > 0) expect(verifyConsistency({ ...claim, root: hashOfLeaf(Buffer.from('another')) })).toBe(false);
          for (const proof of bent(claim.proof)) expect(verifyConsistency({ ...claim, proof })).toBe(false);
        },
      ),
      { numRuns: 60 },
    ));

  it('never holds for a tree that shrinks', () =>
    expect(verifyConsistency({ oldSize: 8, oldRoot: ctTree.root(8), size: 6, root: ctTree.root(6), proof: ctTree.consistencyProof(6, 8) })).toBe(false));
});
