import type { AppendOutcome, StreamAppend } from '@kwota/event-store';
import type { Pool, QueryArrayConfig } from 'pg';
import { bigintArray, byteaArray, integerArray, textArray } from './binary-arrays.js';

const hashLength = 32;
/** An entry of PostgreSQL's index has at most 2,704 bytes, and UTF-8 at most three bytes for a UTF-16 code unit. */
const streamLengthMax = 800;

/** Throws RangeError for what the tables cannot hold; to be called before anything of a batch is taken: it would spoil its whole commit. */
export const checkAppend = ({ stream, expectedRevision, events }: StreamAppend): void => {
  if (!Number.isSafeInteger(expectedRevision) || expectedRevision < -1) throw new RangeError(`no revision: ${expectedRevision}`);
  if (stream.length > streamLengthMax) throw new RangeError('a name of a stream is too long');
  checkText(stream);
  for (const { id, type, hash } of events) {
    if (hash.length !== hashLength) throw new RangeError(`a hash has ${hashLength} bytes, not ${hash.length}`);
    checkText(id);
    checkText(type);
  }
};

/** PostgreSQL's text holds every character but this one. */
const checkText = (text: string): void => {
  if (text.includes('\0')) throw new RangeError('a name, id or type holds a NUL character');
};

/** Appends in one round trip, durable when this resolves; an outcome each, in their order. Without any it proves that one could be written. */
export const runAppend = async (pool: Pool, schema: string, appends: readonly StreamAppend[]): Promise<readonly AppendOutcome[]> => {
  const rows = await rowsWithoutWarning<[[number, number][] | null]>(pool, {
    name: 'append',
    text: `CALL ${schema}.append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, NULL)`,
    values: argumentsOf(appends),
    rowMode: 'array',
  });
  const refused = new Map(rows[0]![0]);
  return appends.map(({ stream, expectedRevision, events }, index) => {
    const actualRevision = refused.get(index + 1);
    return actualRevision === undefined
      ? { stream, appended: true, revision: expectedRevision + events.length }
      : { stream, appended: false, actualRevision };
  });
};

/** Class 01 of SQLSTATE. */
const isWarning = ({ code }: Notice): boolean => code?.startsWith('01') ?? false;
type Notice = Readonly<{ code?: string | undefined; message?: string | undefined }>;

/**
 * A warning is as good as an error here: a commit that gives up waiting for its replica (statement_timeout, an operator's
 * pg_cancel_backend) says so in a warning, and then that it went well.
 */
const rowsWithoutWarning = async <Row extends unknown[]>(pool: Pool, query: QueryArrayConfig): Promise<readonly Row[]> => {
  const session = await pool.connect();
  const warnings: Notice[] = [];
  const onNotice = (notice: Notice): void => void (isWarning(notice) && warnings.push(notice));
  // The query rejects, too: this keeps a connection that is lost from ending the process.
  const onLost = (): void => undefined;
  session.on('notice', onNotice).on('error', onLost);
  try {
    const { rows } = await session.query<Row>(query);
    if (warnings[0]) throw new Error(warnings[0].message);
    session.off('notice', onNotice).off('error', onLost).release();
    return rows;
  } catch (error) {
    session.release(true);
    throw error;
  }
};

const argumentsOf = (appends: readonly StreamAppend[]): Buffer[] => {
  const numberOf = new Map<string, number>();
  for (const { stream } of appends) if (!numberOf.has(stream)) numberOf.set(stream, numberOf.size + 1);
  const events = appends.flatMap((append) => append.events);
  return [
    textArray([...numberOf.keys()]),
    integerArray(appends.map(({ stream }) => numberOf.get(stream)!)),
    bigintArray(appends.map(({ expectedRevision }) => expectedRevision)),
    integerArray(appends.map((append) => append.events.length)),
    integerArray(appends.flatMap((append, index) => append.events.map(() => index + 1))),
    integerArray(appends.flatMap((append) => append.events.map((_, at) => at))),
    textArray(appends.flatMap((append) => append.events.map(() => append.stream))),
    textArray(events.map(({ id }) => id)),
    textArray(events.map(({ type }) => type)),
    byteaArray(events.map(({ data }) => data)),
    byteaArray(events.map(({ hash }) => hash)),
  ];
};
