// The tree of RFC 6962 section 2.1 (the same in RFC 9162) over leaves that are hashed already.
import { hashLength, sha256 } from './hash-chain.js';
import { HashList } from './hash-list.js';

/** They keep a leaf from passing for a node (RFC 6962 section 2.1). */
const leafPrefix = Buffer.of(0);
const nodePrefix = 1;
/** Reused, as nothing of it outlives the call. */
const node = Buffer.alloc(1 + 2 * hashLength, nodePrefix);

export const hashOfLeaf = (leaf: Uint8Array): Uint8Array => sha256(Buffer.concat([leafPrefix, leaf]));

/** @throws RangeError for what are no hashes. */
export const hashOfNode = (left: Uint8Array, right: Uint8Array): Uint8Array => {
  if (left.length !== hashLength || right.length !== hashLength) throw new RangeError(`a hash has ${hashLength} bytes`);
  node.set(left, 1);
  node.set(right, 1 + hashLength);
  return sha256(node);
};

/** Of a tree without leaves. */
export const emptyRoot: Uint8Array = sha256(new Uint8Array(0));

/**
 * A tree that only grows, by the roots of its full subtrees alone: one hash for each bit that is set in its size, the largest first. A million
 * leaves are kept in at most 20 hashes, enough to add the next one and to tell the root.
 */
export class MerkleFrontier {
  private constructor(
    private leafCount: number,
    private readonly roots: Uint8Array[],
  ) {}

  static empty(): MerkleFrontier {
    return new MerkleFrontier(0, []);
  }

  /** What `encode` gave for a tree of this size. @throws RangeError when it cannot be that. */
  static decode(size: number, bytes: Uint8Array): MerkleFrontier {
    const roots = Array.from({ length: bytes.length / hashLength }, (_, at) => Uint8Array.from(bytes.subarray(at * hashLength, (at + 1) * hashLength)));
    if (bytes.length % hashLength !== 0 || roots.length !== bitsSetIn(size)) throw new RangeError(`these are not the subtrees of ${size} leaves`);
    return new MerkleFrontier(size, roots);
  }

  get size(): number {
    return this.leafCount;
  }

  add(leafHash: Uint8Array): void {
    let hash = leafHash;
    // Division, not shifts: those end at 2^31.
    for (let size = this.leafCount; size % 2 === 1; size = (size - 1) / 2) hash = hashOfNode(this.roots.pop() as Uint8Array, hash);
    this.roots.push(hash);
    this.leafCount += 1;
  }

  root(): Uint8Array {
    const [last, ...larger] = this.roots.toReversed();
    return last ? larger.reduce((right, left) => hashOfNode(left, right), last) : emptyRoot;
  }

  encode(): Uint8Array {
    return Buffer.concat(this.roots);
  }
}

const bitsSetIn = (size: number): number => {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`no size of a tree: ${size}`);
  return size.toString(2).replaceAll('0', '').length;
};

/**
 * A whole tree in memory, for proofs: its full subtrees level by level, 64 bytes a leaf, so that each proof takes only as many steps as the tree
 * is high.
 */
export class MerkleTree {
  private readonly levels: HashList[] = [new HashList()];

  get size(): number {
    return this.levels[0]?.length ?? 0;
  }

  add(leafHash: Uint8Array): void {
    let hash = leafHash;
    for (let level = 0; ; level += 1) {
      const hashes = (this.levels[level] ??= new HashList());
      hashes.push(hash);
      if (hashes.length % 2 === 1) return;
      hash = hashOfNode(hashes.at(hashes.length - 2), hash);
    }
  }

  /** Of its first `size` leaves. @throws RangeError when it has not so many. */
  root(size = this.size): Uint8Array {
    this.checkSize(size);
    return size === 0 ? emptyRoot : this.hashOf(0, size);
  }

  /** PATH of RFC 6962 section 2.1.1: leaf `index`, from 0, lies in the tree of the first `size` leaves. */
  inclusionProof(index: number, size = this.size): readonly Uint8Array[] {
    this.checkSize(size);
    if (!Number.isSafeInteger(index) || index < 0 || index >= size) throw new RangeError(`no leaf ${index} among ${size}`);
    return this.path(index, 0, size);
  }

  /** PROOF of RFC 6962 section 2.1.2: the tree of `size` leaves goes on from the one of `oldSize`. Empty from nothing, and to the same size. */
  consistencyProof(oldSize: number, size = this.size): readonly Uint8Array[] {
    this.checkSize(size);
    if (!Number.isSafeInteger(oldSize) || oldSize < 0 || oldSize > size) throw new RangeError(`${oldSize} leaves are not the beginning of ${size}`);
    return oldSize === 0 || oldSize === size ? [] : this.subproof(oldSize, 0, size, true);
  }

  private path(index: number, start: number, end: number): Uint8Array[] {
    if (end - start === 1) return [];
    const middle = start + splitOf(end - start);
    return index < middle ? [...this.path(index, start, middle), this.hashOf(middle, end)] : [...this.path(index, middle, end), this.hashOf(start, middle)];
  }

  private subproof(oldSize: number, start: number, end: number, isWhole: boolean): Uint8Array[] {
    if (oldSize === end) return isWhole ? [] : [this.hashOf(start, end)];
    const middle = start + splitOf(end - start);
    if (oldSize <= middle) return [...this.subproof(oldSize, start, middle, isWhole), this.hashOf(middle, end)];
    return [...this.subproof(oldSize, middle, end, false), this.hashOf(start, middle)];
  }

  /** MTH of the leaves from `start` to before `end`; `start` is where RFC 6962 splits, so full subtrees are looked up. */
  private hashOf(start: number, end: number): Uint8Array {
    const count = end - start;
    const level = Math.floor(Math.log2(count));
    if (2 ** level === count) return (this.levels[level] as HashList).at(start / count);
    const middle = start + splitOf(count);
    return hashOfNode(this.hashOf(start, middle), this.hashOf(middle, end));
  }

  private checkSize(size: number): void {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.size) throw new RangeError(`the tree has ${this.size} leaves, not ${size}`);
  }
}

/** The largest power of two below `count`. */
const splitOf = (count: number): number => 2 ** Math.floor(Math.log2(count - 1));
