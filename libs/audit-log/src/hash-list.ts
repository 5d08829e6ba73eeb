import { hashLength } from './hash-chain.js';

const firstCapacity = 1_024;

/** Hashes one after the other in one block: 32 bytes each, where an array of their own buffers takes about 200. */
export class HashList {
  private bytes = Buffer.allocUnsafeSlow(firstCapacity * hashLength);
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(hash: Uint8Array): void {
    if (hash.length !== hashLength) throw new RangeError(`a hash has ${hashLength} bytes, not ${hash.length}`);
    const end = this.count * hashLength;
    if (end === this.bytes.length) this.grow();
    this.bytes.set(hash, end);
    this.count += 1;
  }

  /** A copy: the block may move. @throws RangeError past the end. */
  at(index: number): Uint8Array {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.count) throw new RangeError(`no hash ${index} among ${this.count}`);
    return Uint8Array.from(this.bytes.subarray(index * hashLength, (index + 1) * hashLength));
  }

  private grow(): void {
    const larger = Buffer.allocUnsafeSlow(2 * this.bytes.length);
    larger.set(this.bytes);
    this.bytes = larger;
  }
}
