import { isUtf8 } from 'node:buffer';

/** Where the command came from in the log of messages; null for one that came another way (a timer, a direct request). */
export type EventSource = Readonly<{ topic: string; partition: number; offset: number }>;

/** What lies in the store for each event. Ids only: no phone number, text, login or name, so that erasing a person never touches the chain. */
export type EventEnvelope = Readonly<{
  v: 1;
  account: string;
  /** The event's place in its stream, from 0. */
  revision: number;
  /** ISO 8601 in UTC with milliseconds, stamped by the ledger; never goes back within a stream. */
  time: string;
  type: string;
  /** The event's own fields; amounts are integer milli-credits. */
  data: object;
  commandId: string;
  correlationId: string;
  source: EventSource | null;
}>;

/** One stream for each SMS account. */
export const streamOfAccount = (account: string): string => `credit-${account}`;

/** The bytes lie in no known form: written by a newer version, or not by a ledger at all. */
export class NotAnEvent extends Error {
  override readonly name = 'NotAnEvent';
}

/** The event's bytes: one JSON.stringify with the envelope's keys in this order, `data` with its own; UTF-8. They are hashed and stored as they are. */
export const encodeEvent = ({ v, account, revision, time, type, data, commandId, correlationId, source }: EventEnvelope): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      v,
      account,
      revision,
      time,
      type,
      data,
      commandId,
      correlationId,
      source: source && { topic: source.topic, partition: source.partition, offset: source.offset },
    }),
  );

/** Reads what `encodeEvent` wrote. Throws NotAnEvent for anything else; the message never repeats the bytes. */
export const decodeEvent = (bytes: Uint8Array): EventEnvelope => {
  const envelope = parsed(bytes);
  if (!isEnvelope(envelope)) throw new NotAnEvent('not an event of format 1');
  return envelope;
};

const parsed = (bytes: Uint8Array): unknown => {
  if (!isUtf8(bytes)) throw new NotAnEvent('not JSON in UTF-8');
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    // JSON.parse quotes what it could not read; that stays out of logs.
    throw new NotAnEvent('not JSON in UTF-8');
  }
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const isEnvelope = (value: unknown): value is EventEnvelope =>
  isRecord(value) &&
  value.v === 1 &&
  typeof value.account === 'string' &&
  Number.isSafeInteger(value.revision) &&
  typeof value.time === 'string' &&
  typeof value.type === 'string' &&
  isRecord(value.data) &&
  typeof value.commandId === 'string' &&
  typeof value.correlationId === 'string' &&
  (value.source === null || isSource(value.source));

const isSource = (value: unknown): boolean =>
  isRecord(value) && typeof value.topic === 'string' && Number.isSafeInteger(value.partition) && Number.isSafeInteger(value.offset);
