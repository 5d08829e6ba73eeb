// PostgreSQL's binary form of an array, so that events cross as they are: as text each byte of `data` would cost two.
// Header (dimensions, has nulls, type of the elements, length, lower bound), then each element behind its length; all big-endian.

const oid = { bytea: 17, bigint: 20, integer: 23, text: 25 } as const;
const emptyHeaderBytes = 12;
const headerBytes = 20;
const lengthBytes = 4;
const twoTo32 = 2 ** 32;

export const byteaArray = (elements: readonly Uint8Array[]): Buffer => {
  const array = arrayOf(oid.bytea, elements.length, elements.reduce((sum, { length }) => sum + length, 0));
  let at = headerBytes;
  for (const element of elements) {
    at = array.writeInt32BE(element.length, at);
    array.set(element, at);
    at += element.length;
  }
  return array;
};

export const textArray = (elements: readonly string[]): Buffer => {
  const array = arrayOf(oid.text, elements.length, elements.reduce((sum, text) => sum + Buffer.byteLength(text), 0));
  let at = headerBytes;
  for (const element of elements) {
    const length = array.write(element, at + lengthBytes);
    array.writeInt32BE(length, at);
    at += lengthBytes + length;
  }
  return array;
};

export const integerArray = (elements: readonly number[]): Buffer => {
  const array = arrayOf(oid.integer, elements.length, 4 * elements.length);
  let at = headerBytes;
  for (const element of elements) at = array.writeInt32BE(element, array.writeInt32BE(4, at));
  return array;
};

/** Of safe integers. */
export const bigintArray = (elements: readonly number[]): Buffer => {
  const array = arrayOf(oid.bigint, elements.length, 8 * elements.length);
  let at = headerBytes;
  for (const element of elements) {
    at = array.writeInt32BE(Math.floor(element / twoTo32), array.writeInt32BE(8, at));
    at = array.writeUInt32BE(element >>> 0, at);
  }
  return array;
};

const arrayOf = (elementOid: number, length: number, elementsBytes: number): Buffer => {
  if (length === 0) {
    const empty = Buffer.alloc(emptyHeaderBytes);
    empty.writeInt32BE(elementOid, 8);
    return empty;
  }
  const array = Buffer.allocUnsafe(headerBytes + length * lengthBytes + elementsBytes);
  [1, 0, elementOid, length, 1].forEach((field, index) => array.writeInt32BE(field, 4 * index));
  return array;
};
