// The export: all events as lines of JSON, with which everything works that works on a store (docs/audit-format.md).
import type { StoredEvent } from '@kwota/event-store';
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { hashLength } from './hash-chain.js';

const format = 'kwota-audit-export/1';
const beginning = '{"format":"kwota-audit-export/';
const lineFeed = 0x0a;

export class NotAnExport extends Error {
  override readonly name = 'NotAnExport';
}

/** The lines of an export, each with its line feed: what it is, an event each, how many there were. */
export async function* exportLines(events: AsyncIterable<StoredEvent>): AsyncGenerator<string> {
  yield `${JSON.stringify({ format })}\n`;
  let count = 0;
  for await (const event of events) {
    yield `${JSON.stringify(lineOf(event))}\n`;
    count += 1;
  }
  yield `${JSON.stringify({ events: count })}\n`;
}

/** Bytes that no ledger wrote may not be UTF-8; a damaged store is exported as it is. */
const lineOf = ({ position, stream, revision, type, data, hash }: StoredEvent): object => {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const shown = isUtf8(bytes) ? { bytes: bytes.toString() } : { bytesBase64: bytes.toString('base64') };
  return { index: position - 1, stream, revision, type, ...shown, hash: Buffer.from(hash).toString('hex') };
};

/** Whether the file begins as an export does, of whatever version. */
export const isExport = async (path: string): Promise<boolean> => {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(beginning.length), 0, beginning.length, 0);
    return buffer.toString('utf8', 0, bytesRead) === beginning;
  } finally {
    await file.close();
  }
};

/** The events as they were exported, and nothing of them is trusted. @throws NotAnExport with the line, where its form is wrong or its end missing. */
export async function* readExport(path: string): AsyncGenerator<StoredEvent> {
  let number = 0;
  let count = 0;
  let end: unknown;
  for await (const line of linesOf(path)) {
    number += 1;
    const value = parsed(line);
    if (value === undefined || end !== undefined) throw new NotAnExport(`line ${number} is none of an export`);
    if (number === 1) {
      if (value['format'] !== format) throw new NotAnExport(`the first line does not say ${format}`);
      continue;
    }
    if ('events' in value) {
      end = value['events'];
      continue;
    }
    const event = eventOf(value);
    if (!event) throw new NotAnExport(`line ${number} is no event`);
    count += 1;
    yield event;
  }
  if (end === undefined) throw new NotAnExport('the export is cut off: its last line is missing');
  if (end !== count) throw new NotAnExport(`the last line counts ${String(end)} events, there are ${count}`);
}

const eventOf = ({ index, stream, revision, type, bytes, bytesBase64, hash }: Record<string, unknown>): StoredEvent | undefined => {
  if (!isCount(index) || !isCount(revision) || typeof stream !== 'string' || typeof type !== 'string') return undefined;
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) return undefined;
  const data = typeof bytes === 'string' ? Buffer.from(bytes) : typeof bytesBase64 === 'string' ? Buffer.from(bytesBase64, 'base64') : undefined;
  return (
    data && {
      stream,
      revision,
      position: index + 1,
      id: `${stream}/${revision}`,
      type,
      data,
      hash: new Uint8Array(Buffer.from(hash, 'hex').subarray(0, hashLength)),
    }
  );
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const parsed = (line: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};

/** By line feeds alone: readline would also split at U+2028, which JSON may hold as it is. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
      yield bytes.toString('utf8', start, end);
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) yield rest.toString();
}
