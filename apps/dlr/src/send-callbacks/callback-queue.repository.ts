// The queue of callbacks: one row a change of a message that has a URL. The table is the truth; who sends has the due ones in memory.
import type { DlrId } from '@kwota/delivery-codes';
import { forRows, run } from '@kwota/service-kit/sql';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** `taken`: in the memory of the instance whose epoch it has; when that is dead it waits again. `dead`: given up, kept for replay. */
export const callbackState = { waiting: 0, taken: 1, delivered: 2, superseded: 3, dead: 4 } as const;
export type CallbackState = (typeof callbackState)[keyof typeof callbackState];

/** Behind an earlier callback of its message: due when that one ends. Fits a bigint and a double. */
export const blockedUntilMs = Number.MAX_SAFE_INTEGER;

export type CallbackId = Readonly<{ messageId: number; sequence: number }>;
/** When an attempt began, the HTTP status if there was one, else why not; how long it took and which address was dialled. */
export type Attempt = readonly [atMs: number, status: number | null, reason: string | null, latencyMs?: number, address?: string];
/** Whose message it tells of. Empty: a version before this one queued it. */
export type CallbackOwner = Readonly<{ account: string; userId: string | null }>;
export type NewCallback = CallbackId & CallbackOwner & Readonly<{ url: string; ptt: number; dlr: DlrId; final: boolean; atMs: number }>;
/** `epoch`: under which it was taken into memory. `attemptsBefore`: those before it was replayed. */
export type QueuedCallback = NewCallback & Readonly<{ origin: string; attempts: readonly Attempt[]; attemptsBefore: number; epoch: number }>;
export type CallbackResult = Readonly<{ callback: QueuedCallback; attempts: readonly Attempt[]; state: CallbackState; nextAttemptAtMs: number; switchOff: boolean }>;

export type CallbackRow = Readonly<{
  messageId: number | string;
  sequence: number;
  origin: string;
  url: string;
  ptt: number;
  dlr: DlrId;
  final: number;
  atMs: number | string;
  attempts: string;
  attemptsBefore: number;
  account: string;
  userId: string | null;
  epoch: number;
}>;

export const callbackColumns = '"messageId", sequence, origin, url, ptt, dlr, final, "atMs", attempts, "attemptsBefore", account, "userId", epoch';
const open = `(${callbackState.waiting}, ${callbackState.taken})`;
export const isCallbackRowOf = 'callback."messageId" = CAST(v.column1 AS BIGINT) AND callback.sequence = CAST(v.column2 AS INTEGER)';
const inIds = (values: string): string => `"messageId" IN (SELECT CAST(v.column1 AS BIGINT) FROM (VALUES ${values}) AS v)`;

@Injectable()
export class CallbackQueueRepository {
  async add(manager: EntityManager, rows: readonly { callback: QueuedCallback; state: CallbackState; nextAttemptAtMs: number }[]): Promise<void> {
    await forRows(
      manager,
      rows.map(({ callback: { messageId, sequence, origin, url, ptt, dlr, final, atMs, account, userId, epoch }, state, nextAttemptAtMs }) => [
        messageId,
        sequence,
        origin,
        url,
        ptt,
        dlr,
        final ? 1 : 0,
        atMs,
        '[]',
        0,
        account,
        userId,
        epoch,
        state,
        nextAttemptAtMs,
      ]),
      (values) => `INSERT INTO callback (${callbackColumns}, state, "nextAttemptAtMs") VALUES ${values} ON CONFLICT ("messageId", sequence) DO NOTHING`,
    );
  }

  /** A final makes what is not delivered yet pointless (DESIGN §6); what is in another instance's memory is not ours to stop. */
  async supersede(manager: EntityManager, messageIds: readonly number[], epoch: number): Promise<void> {
    await forRows(
      manager,
      messageIds.map((messageId) => [messageId]),
      (values) =>
        `UPDATE callback SET state = ${callbackState.superseded} WHERE ${inIds(values)} AND state IN ${open}
           AND (state = ${callbackState.waiting} OR epoch = ${epoch})`,
    );
  }

  /** Which of the messages have a callback that is neither delivered nor given up. */
  async findOpen(manager: EntityManager, messageIds: readonly number[]): Promise<Set<number>> {
    const rows = await forRows<{ messageId: number | string }>(
      manager,
      messageIds.map((messageId) => [messageId]),
      (values) => `SELECT "messageId" FROM callback WHERE ${inIds(values)} AND state IN ${open}`,
    );
    return new Set(rows.map(({ messageId }) => Number(messageId)));
  }

  /** What was in the memory of a process that is dead waits again. */
  async release(manager: EntityManager): Promise<{ messageId: number; origin: string }[]> {
    const rows = await run<{ messageId: number | string; origin: string }>(
      manager,
      `UPDATE callback SET state = ${callbackState.waiting}
       WHERE state = ${callbackState.taken} AND epoch NOT IN (SELECT epoch FROM instance_epoch) RETURNING "messageId", origin`,
    );
    return rows.map(({ messageId, origin }) => ({ messageId: Number(messageId), origin }));
  }

  async takenUnder(manager: EntityManager, epoch: number): Promise<CallbackId[]> {
    const sql = `SELECT "messageId", sequence FROM callback WHERE state = ${callbackState.taken} AND epoch = ?`;
    const rows = await run<Pick<CallbackRow, 'messageId' | 'sequence'>>(manager, sql, [epoch]);
    return rows.map(({ messageId, sequence }) => ({ messageId: Number(messageId), sequence: Number(sequence) }));
  }

  /** They wait for the origins that it tells. */
  async putBack(manager: EntityManager, ids: readonly CallbackId[]): Promise<string[]> {
    const rows = await forRows<{ origin: string }>(
      manager,
      ids.map(({ messageId, sequence }) => [messageId, sequence]),
      (values) => `UPDATE callback SET state = ${callbackState.waiting} FROM (VALUES ${values}) AS v WHERE ${isCallbackRowOf} RETURNING origin`,
    );
    return rows.map(({ origin }) => origin);
  }

  /** Each origin for which some wait, with when its first is due. */
  async waitingOrigins(manager: EntityManager): Promise<Map<string, number>> {
    const rows = await run<{ origin: string; dueAtMs: number | string }>(
      manager,
      `SELECT origin, MIN("nextAttemptAtMs") AS "dueAtMs" FROM callback WHERE state = ${callbackState.waiting} GROUP BY origin`,
    );
    return new Map(rows.map(({ origin, dueAtMs }) => [origin, Number(dueAtMs)]));
  }

  /** PostgreSQL: the origins whose first was due before that. It goes from origin to origin in the index, however many wait for each. */
  async overdueOrigins(manager: EntityManager, beforeMs: number): Promise<string[]> {
    const first = (condition: string): string =>
      `SELECT origin, "nextAttemptAtMs" FROM callback WHERE state = ${callbackState.waiting}${condition} ORDER BY origin, "nextAttemptAtMs" LIMIT 1`;
    const rows = await run<{ origin: string }>(
      manager,
      `WITH RECURSIVE lane AS ((${first('')}) UNION ALL
         SELECT following.* FROM lane CROSS JOIN LATERAL (${first(' AND origin > lane.origin')}) AS following)
       SELECT origin FROM lane WHERE "nextAttemptAtMs" < ?`,
      [beforeMs],
    );
    return rows.map(({ origin }) => origin);
  }

  /** Takes an origin's next due callbacks into memory. */
  async take(manager: EntityManager, origin: string, nowMs: number, rowsMax: number, epoch: number): Promise<QueuedCallback[]> {
    const rows = await run<CallbackRow & { nextAttemptAtMs: number | string }>(
      manager,
      `UPDATE callback SET state = ${callbackState.taken}, epoch = ${epoch} WHERE ("messageId", sequence) IN (
         SELECT "messageId", sequence FROM callback WHERE state = ${callbackState.waiting} AND origin = ? AND "nextAttemptAtMs" <= ?
         ORDER BY "nextAttemptAtMs" LIMIT ?)
       RETURNING ${callbackColumns}, "nextAttemptAtMs"`,
      [origin, nowMs, rowsMax],
    );
    return rows.toSorted((a, b) => Number(a.nextAttemptAtMs) - Number(b.nextAttemptAtMs)).map(callbackOf);
  }

  /** Undefined when none of the origin waits for a time. */
  async nextDueAtMs(manager: EntityManager, origin: string): Promise<number | undefined> {
    const [row] = await run<{ dueAtMs: number | string | null }>(
      manager,
      `SELECT MIN("nextAttemptAtMs") AS "dueAtMs" FROM callback WHERE state = ${callbackState.waiting} AND origin = ? AND "nextAttemptAtMs" < ?`,
      [origin, blockedUntilMs],
    );
    return row?.dueAtMs == null ? undefined : Number(row.dueAtMs);
  }

  /** What was superseded while its attempt ran stays so, unless it was delivered; what another instance has taken since is that one's. */
  async record(manager: EntityManager, results: readonly CallbackResult[]): Promise<void> {
    await forRows(
      manager,
      results.map(({ callback: { messageId, sequence, epoch }, state, nextAttemptAtMs, attempts }) => [
        messageId,
        sequence,
        state,
        nextAttemptAtMs,
        JSON.stringify(attempts),
        epoch,
      ]),
      (values) =>
        `UPDATE callback SET attempts = v.column5, "nextAttemptAtMs" = CAST(v.column4 AS BIGINT),
           state = CASE WHEN callback.state = ${callbackState.superseded} AND CAST(v.column3 AS INTEGER) <> ${callbackState.delivered}
             THEN callback.state ELSE CAST(v.column3 AS INTEGER) END
         FROM (VALUES ${values}) AS v WHERE ${isCallbackRowOf} AND callback.epoch = CAST(v.column6 AS INTEGER)`,
    );
  }

  /** Where a final waited for what was in another instance's memory: that is superseded if it is to be tried again, and the next becomes due. */
  async followOn(manager: EntityManager, messageIds: readonly number[], nowMs: number): Promise<string[]> {
    await forRows(
      manager,
      messageIds.map((messageId) => [messageId]),
      (values) =>
        `UPDATE callback SET state = ${callbackState.superseded} WHERE ${inIds(values)} AND state = ${callbackState.waiting}
           AND EXISTS (SELECT 1 FROM callback AS later WHERE later."messageId" = callback."messageId"
             AND later.sequence > callback.sequence AND later.final = 1 AND later.state = ${callbackState.waiting})`,
    );
    return this.unblock(manager, messageIds, nowMs);
  }

  /** The next callback of each message whose earlier ones have ended becomes due; tells their origins. */
  async unblock(manager: EntityManager, messageIds: readonly number[], nowMs: number): Promise<string[]> {
    const rows = await forRows<{ origin: string }>(
      manager,
      messageIds.map((messageId) => [messageId, nowMs]),
      (values) =>
        `UPDATE callback SET "nextAttemptAtMs" = CAST(v.column2 AS BIGINT) FROM (VALUES ${values}) AS v
         WHERE "messageId" = CAST(v.column1 AS BIGINT) AND state = ${callbackState.waiting} AND "nextAttemptAtMs" = ${blockedUntilMs}
           AND NOT EXISTS (SELECT 1 FROM callback AS earlier
             WHERE earlier."messageId" = callback."messageId" AND earlier.sequence < callback.sequence AND earlier.state IN ${open})
         RETURNING origin`,
    );
    return rows.map(({ origin }) => origin);
  }

  /** The endpoint said that it is gone for good. */
  async giveUp(manager: EntityManager, url: string): Promise<void> {
    await run(manager, `UPDATE callback SET state = ${callbackState.dead} WHERE state = ${callbackState.waiting} AND url = ?`, [url]);
  }

  async ofMessage(manager: EntityManager, messageId: number): Promise<(QueuedCallback & { state: CallbackState })[]> {
    const rows = await run<CallbackRow & { state: CallbackState }>(
      manager,
      `SELECT ${callbackColumns}, state FROM callback WHERE "messageId" = ? ORDER BY sequence`,
      [messageId],
    );
    return rows.map((row) => ({ ...callbackOf(row), state: row.state }));
  }
}

export const callbackOf = ({ messageId, sequence, origin, url, ptt, dlr, final, atMs, attempts, attemptsBefore, account, userId, epoch }: CallbackRow): QueuedCallback => ({
  messageId: Number(messageId),
  sequence: Number(sequence),
  origin,
  url,
  ptt: Number(ptt),
  dlr: Number(dlr) as DlrId,
  final: Number(final) === 1,
  atMs: Number(atMs),
  attempts: JSON.parse(attempts) as Attempt[],
  attemptsBefore: Number(attemptsBefore),
  account,
  userId,
  epoch: Number(epoch),
});
