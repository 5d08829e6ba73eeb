// Callbacks as an operator looks for them, and dead ones put back in the queue.
import { forRows, run, type SqlValue } from '@kwota/service-kit/sql';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  blockedUntilMs,
  callbackColumns,
  callbackOf,
  callbackState,
  isCallbackRowOf,
  type CallbackRow,
  type CallbackState,
  type QueuedCallback,
} from '../send-callbacks/callback-queue.repository.js';

export type CallbackFilter = Readonly<{ account?: string | undefined; userId?: string | null | undefined; fromMs?: number | undefined; toMs?: number | undefined }>;
export type FoundCallback = QueuedCallback & Readonly<{ state: CallbackState }>;

const foundMax = 100;
/** The newest so many are counted: a count of all would hold up the process. */
const countedMax = 100_000;

const conditionsOf = ({ account, userId, fromMs, toMs }: CallbackFilter): { sql: string; values: SqlValue[] } => {
  const conditions: [string, ...SqlValue[]][] = [];
  if (account !== undefined) conditions.push(['message.account = ?', account]);
  if (userId === null) conditions.push(['message."userId" IS NULL']);
  else if (userId !== undefined) conditions.push(['message."userId" = ?', userId]);
  if (fromMs !== undefined) conditions.push(['callback."atMs" >= ?', fromMs]);
  if (toMs !== undefined) conditions.push(['callback."atMs" <= ?', toMs]);
  return { sql: conditions.map(([sql]) => ` AND ${sql}`).join(''), values: conditions.flatMap(([, ...values]) => values) };
};

const from = 'FROM callback JOIN message ON message."messageId" = callback."messageId"';
const columns = callbackColumns
  .split(', ')
  .map((column) => (column === 'account' || column === '"userId"' ? `message.${column} AS ${column}` : `callback.${column} AS ${column}`))
  .join(', ');

@Injectable()
export class CallbacksByFilterRepository {
  async find(manager: EntityManager, filter: CallbackFilter, states: readonly CallbackState[]): Promise<FoundCallback[]> {
    const { sql, values } = conditionsOf(filter);
    const rows = await run<CallbackRow & { state: CallbackState }>(
      manager,
      `SELECT ${columns}, callback.state AS state ${from} WHERE callback.state IN (${states.join(', ')})${sql}
       ORDER BY callback."messageId" DESC, callback.sequence DESC LIMIT ${foundMax}`,
      values,
    );
    return rows.map((row) => ({ ...callbackOf(row), state: Number(row.state) as CallbackState }));
  }

  async count(manager: EntityManager, filter: CallbackFilter): Promise<Map<CallbackState, number>> {
    const { sql, values } = conditionsOf(filter);
    const rows = await run<{ state: CallbackState; found: number | string }>(
      manager,
      `SELECT state, COUNT(*) AS found FROM (SELECT callback.state AS state ${from} WHERE 1 = 1${sql} ORDER BY callback."messageId" DESC LIMIT ${countedMax}) AS newest GROUP BY state`,
      values,
    );
    return new Map(rows.map(({ state, found }) => [Number(state) as CallbackState, Number(found)]));
  }

  /** The next messages behind `after` with dead callbacks that fit. */
  async deadMessages(manager: EntityManager, filter: CallbackFilter, after: number, rowsMax: number): Promise<number[]> {
    const { sql, values } = conditionsOf(filter);
    const rows = await run<{ messageId: number | string }>(
      manager,
      `SELECT DISTINCT callback."messageId" AS "messageId" ${from} WHERE callback.state = ${callbackState.dead}${sql} AND callback."messageId" > ?
       ORDER BY callback."messageId" LIMIT ?`,
      [...values, after, rowsMax],
    );
    return rows.map(({ messageId }) => Number(messageId));
  }

  /** All callbacks of the messages, in order, with the URL that is set for each message now. */
  async ofMessages(manager: EntityManager, messageIds: readonly number[]): Promise<(FoundCallback & { urlNow: string | null })[]> {
    const rows = await forRows<CallbackRow & { state: CallbackState; urlNow: string | null }>(
      manager,
      messageIds.map((messageId) => [messageId]),
      (values) =>
        `SELECT ${columns}, callback.state AS state, COALESCE(own."callBack", common."callBack") AS "urlNow" ${from}
         LEFT JOIN callback_setting AS own ON own.account = message.account AND own."userId" = message."userId" AND own."userId" <> ''
         LEFT JOIN callback_setting AS common ON common.account = message.account AND common."userId" = ''
         WHERE callback."messageId" IN (SELECT CAST(v.column1 AS BIGINT) FROM (VALUES ${values}) AS v) ORDER BY callback."messageId", callback.sequence`,
    );
    return rows.map((row) => ({ ...callbackOf(row), state: Number(row.state) as CallbackState, urlNow: row.urlNow }));
  }

  /** `waiting` in order: the first of each message is due, the others wait behind it. */
  async putBack(manager: EntityManager, waiting: readonly (QueuedCallback & { isFirst: boolean })[], superseded: readonly QueuedCallback[], nowMs: number): Promise<void> {
    await forRows(
      manager,
      waiting.map(({ messageId, sequence, url, origin, attempts, isFirst }) => [messageId, sequence, url, origin, attempts.length, isFirst ? nowMs : blockedUntilMs]),
      (values) =>
        `UPDATE callback SET state = ${callbackState.waiting}, url = v.column3, origin = v.column4, "attemptsBefore" = CAST(v.column5 AS INTEGER),
           "nextAttemptAtMs" = CAST(v.column6 AS BIGINT) FROM (VALUES ${values}) AS v WHERE ${isCallbackRowOf} AND state = ${callbackState.dead}`,
    );
    await forRows(
      manager,
      superseded.map(({ messageId, sequence }) => [messageId, sequence]),
      (values) => `UPDATE callback SET state = ${callbackState.superseded} FROM (VALUES ${values}) AS v WHERE ${isCallbackRowOf} AND state = ${callbackState.dead}`,
    );
  }
}
