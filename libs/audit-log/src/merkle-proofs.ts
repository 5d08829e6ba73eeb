// Checking proofs without the tree, step by step as RFC 9162 sections 2.1.3.2 and 2.1.4.2 say.
import { emptyRoot, hashOfNode } from './merkle-tree.js';

type Hash = Uint8Array;

export type InclusionClaim = Readonly<{ leafHash: Hash; index: number; size: number; root: Hash; proof: readonly Hash[] }>;

/** Whether the leaf lies at this index of the tree with this size and root. */
export const verifyInclusion = ({ leafHash, index, size, root, proof }: InclusionClaim): boolean => {
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  let [node, last] = [index, size - 1];
  let hash = leafHash;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      hash = hashOfNode(sibling, hash);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else hash = hashOfNode(hash, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isSame(hash, root);
};

export type ConsistencyClaim = Readonly<{ oldSize: number; oldRoot: Hash; size: number; root: Hash; proof: readonly Hash[] }>;

/** Whether the tree with `size` leaves and `root` begins with the one of `oldSize` and `oldRoot`. */
export const verifyConsistency = ({ oldSize, oldRoot, size, root, proof }: ConsistencyClaim): boolean => {
  if (!isCount(oldSize) || !isCount(size) || oldSize > size) return false;
  if (oldSize === 0) return proof.length === 0 && isSame(oldRoot, emptyRoot);
  if (oldSize === size) return proof.length === 0 && isSame(oldRoot, root);
  const [first, ...rest] = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof;
  if (!first) return false;
  let [node, last] = [oldSize - 1, size - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  let [oldHash, newHash] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      oldHash = hashOfNode(sibling, oldHash);
      newHash = hashOfNode(sibling, newHash);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else newHash = hashOfNode(newHash, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && isSame(oldHash, oldRoot) && isSame(newHash, root);
};

/** Division, not shifts: those end at 2^31. */
const half = (count: number): number => Math.floor(count / 2);
const isOdd = (count: number): boolean => count % 2 === 1;
const isCount = (count: number): boolean => Number.isSafeInteger(count) && count >= 0;
const isPowerOfTwo = (count: number): boolean => 2 ** Math.floor(Math.log2(count)) === count;
const isSame = (one: Hash, other: Hash): boolean => Buffer.compare(one, other) === 0;
