// One commit is one row: small heads that tell where each stream's events lie, and one blob with all events one after the other.
import type { EventToAppend, StoredEvent, StreamAppend } from '@kwota/event-store';

/** Events of one stream within a commit: `bytes` of the blob, after those of the heads before it. */
export type Head = Readonly<{ stream: string; firstRevision: number; count: number; bytes: number }>;

/** A row's heads are one JSON list: stream, first revision, count and bytes of each head in turn. */
export type HeadField = string | number;

export type CommitRow = Readonly<{ position: number; heads: string; events: Uint8Array }>;

const hashLength = 32;
/** Two lengths of two bytes (id, type) and one of four (data). */
const lengthsOfOne = 8;
/** Stream, first revision, count, bytes. */
const fieldsOfHead = 4;
const textLengthMax = 0xffff;
/** UTF-8 takes at most three bytes for a UTF-16 code unit. */
const bytesPerCodeUnitMax = 3;

/** Throws RangeError for what the row cannot hold; to be called before anything of a batch is taken. */
export const checkAppend = ({ expectedRevision, events }: StreamAppend): void => {
  if (!Number.isSafeInteger(expectedRevision) || expectedRevision < -1) throw new RangeError(`no revision: ${expectedRevision}`);
  for (const { id, type, hash } of events) {
    if (hash.length !== hashLength) throw new RangeError(`a hash has ${hashLength} bytes, not ${hash.length}`);
    if (id.length === 0 || (id.length + type.length) * bytesPerCodeUnitMax > textLengthMax) throw new RangeError('an id or type is empty or too long');
  }
};

/** Reused from commit to commit; SQLite copies it. */
let scratch = Buffer.allocUnsafeSlow(1 << 16);

export const encodeCommit = (appends: readonly StreamAppend[]): { heads: readonly Head[]; events: Uint8Array } => {
  const sizeMax = appends.reduce((sum, { events }) => events.reduce((total, event) => total + sizeMaxOf(event), sum), 0);
  if (scratch.length < sizeMax) scratch = Buffer.allocUnsafeSlow(2 * sizeMax);
  let end = 0;
  const heads = appends.map(({ stream, expectedRevision, events }): Head => {
    const start = end;
    for (const event of events) end = writeEvent(event, end);
    return { stream, firstRevision: expectedRevision + 1, count: events.length, bytes: end - start };
  });
  return { heads, events: scratch.subarray(0, end) };
};

const sizeMaxOf = ({ id, type, data }: EventToAppend): number =>
  lengthsOfOne + (id.length + type.length) * bytesPerCodeUnitMax + data.length + hashLength;

const writeEvent = ({ id, type, data, hash }: EventToAppend, start: number): number => {
  let at = writeText(type, writeText(id, start));
  at = scratch.writeUInt32LE(data.length, at);
  scratch.set(data, at);
  scratch.set(hash, at + data.length);
  return at + data.length + hashLength;
};

const writeText = (text: string, at: number): number => {
  const length = scratch.write(text, at + 2, 'utf8');
  scratch.writeUInt16LE(length, at);
  return at + 2 + length;
};

export const encodeHeads = (heads: readonly Head[]): string =>
  JSON.stringify(heads.flatMap(({ stream, firstRevision, count, bytes }) => [stream, firstRevision, count, bytes]));

export const headsOf = (fields: readonly HeadField[]): Head[] => {
  const heads: Head[] = [];
  for (let at = 0; at < fields.length; at += fieldsOfHead) {
    const [stream, firstRevision, count, bytes] = fields.slice(at, at + fieldsOfHead) as [string, number, number, number];
    heads.push({ stream, firstRevision, count, bytes });
  }
  return heads;
};

/** The commit's events in order, of one stream where it is given. `data` is a view on the row: copy it to keep it for long. */
export const decodeCommit = ({ position, heads, events }: CommitRow, only?: string): StoredEvent[] => {
  const blob = Buffer.from(events.buffer, events.byteOffset, events.byteLength);
  const decoded: StoredEvent[] = [];
  let start = 0;
  let first = position;
  for (const head of headsOf(JSON.parse(heads) as HeadField[])) {
    if (only === undefined || only === head.stream) decodeEvents(blob, start, head, first, decoded);
    start += head.bytes;
    first += head.count;
  }
  return decoded;
};

const decodeEvents = (blob: Buffer, start: number, { stream, firstRevision, count }: Head, position: number, decoded: StoredEvent[]): void => {
  let at = start;
  for (let index = 0; index < count; index += 1) {
    const idEnd = at + 2 + blob.readUInt16LE(at);
    const typeEnd = idEnd + 2 + blob.readUInt16LE(idEnd);
    const dataStart = typeEnd + 4;
    const dataEnd = dataStart + blob.readUInt32LE(typeEnd);
    decoded.push({
      stream,
      revision: firstRevision + index,
      position: position + index,
      id: blob.toString('utf8', at + 2, idEnd),
      type: blob.toString('utf8', idEnd + 2, typeEnd),
      data: blob.subarray(dataStart, dataEnd),
      // A copy: whoever keeps the last hash of each stream would hold a whole commit with each.
      hash: new Uint8Array(blob.subarray(dataEnd, dataEnd + hashLength)),
    });
    at = dataEnd + hashLength;
  }
};
