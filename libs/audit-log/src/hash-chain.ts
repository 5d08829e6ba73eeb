import * as crypto from 'node:crypto';

export const hashLength = 32;

/** What the first event of a stream is chained to. */
export const genesisHash: Uint8Array = new Uint8Array(hashLength);

/** Grows with the largest event; reused, as nothing of it outlives the call. */
let input = Buffer.allocUnsafeSlow(4_096);

/** Node 20.12 and later. Its text of Latin-1 ("binary"), a code unit a byte, costs half of its Buffer, which lives outside the heap. */
const oneShot = crypto.hash as typeof crypto.hash | undefined;
/** Of the whole; the result is its own. */
export const sha256 = oneShot
  ? (bytes: Uint8Array): Uint8Array => bytesOf(oneShot('sha256', bytes, 'binary'))
  : (bytes: Uint8Array): Uint8Array => new Uint8Array(crypto.createHash('sha256').update(bytes).digest());

const bytesOf = (latin1: string): Uint8Array => {
  const bytes = new Uint8Array(latin1.length);
  for (let index = 0; index < latin1.length; index += 1) bytes[index] = latin1.charCodeAt(index);
  return bytes;
};

/** SHA-256 over the hash of the event before in the same stream, then the event's bytes exactly as stored (docs/audit-format.md). */
export const hashOf = (previousHash: Uint8Array, data: Uint8Array): Uint8Array => {
  if (previousHash.length !== hashLength) throw new RangeError(`a hash has ${hashLength} bytes, not ${previousHash.length}`);
  const length = hashLength + data.length;
  if (input.length < length) input = Buffer.allocUnsafeSlow(2 * length);
  input.set(previousHash);
  input.set(data, hashLength);
  return sha256(input.subarray(0, length));
};
