import * as crypto from 'node:crypto';

export const hashLength = 32;

/** What the first event of a stream is chained to. */
export const genesisHash: Uint8Array = new Uint8Array(hashLength);

/** Grows with the largest event; reused, as an allocation for each event costs as much as a tenth of its hash. */
let input = Buffer.allocUnsafeSlow(4_096);

const oneShot = crypto.hash as typeof crypto.hash | undefined;
const sha256 = oneShot
  ? (bytes: Uint8Array): Uint8Array => oneShot('sha256', bytes, 'buffer')
  : (bytes: Uint8Array): Uint8Array => crypto.createHash('sha256').update(bytes).digest();

/** SHA-256 over the hash of the event before in the same stream, then the event's bytes exactly as stored (docs/audit-format.md). */
export const hashOf = (previousHash: Uint8Array, data: Uint8Array): Uint8Array => {
  if (previousHash.length !== hashLength) throw new RangeError(`a hash has ${hashLength} bytes, not ${previousHash.length}`);
  const length = hashLength + data.length;
  if (input.length < length) input = Buffer.allocUnsafeSlow(2 * length);
  input.set(previousHash);
  input.set(data, hashLength);
  return sha256(input.subarray(0, length));
};
