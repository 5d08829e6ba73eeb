// The queue of what is to be submitted and the memory of what was: one row a part.
import type { Priority } from '@kwota/contracts/fields';
import { Injectable } from '@nestjs/common';
import type { TextCoding } from '@kwota/sms-text';
import type { EntityManager } from 'typeorm';
import { forRows, run } from '@kwota/service-kit/sql';
import { rankOf } from './priorities.js';

/** `claimed`: about to be submitted, or submitted and not answered yet. `unanswered`: its answer was lost and it is not to be sent again. */
export const partState = { queued: 0, claimed: 1, submitted: 2, ended: 3, unanswered: 4 } as const;

export type PartId = Readonly<{ messageId: number; part: number }>;
export const keyOfPart = ({ messageId, part }: PartId): string => `${messageId}.${part}`;
/** What a receipt to dlr needs to know of a part. */
export type PartAddress = PartId & Readonly<{ parts: number; account: string }>;
/** With the connector that has it, or was to have it. */
export type RoutedPartAddress = PartAddress & Readonly<{ connector: string }>;
export type NewPart = PartAddress &
  Readonly<{
    receiver: string;
    sender: string;
    text: string;
    coding: TextCoding;
    messageClass: number | null;
    /** Of those that are due the more urgent go first. */
    priority: Priority;
    dueAtMs: number;
    /** Absolute: never submitted after it. */
    validUntilMs: number;
    /** Which connector is to submit it; empty: none takes its receiver. */
    connector: string;
    /** It has a STOP clause: quiet hours and the stop list are for it. */
    commercial: boolean;
  }>;
/** `epoch`: under which its claim is. */
export type ClaimedPart = NewPart & Readonly<{ attempts: number; epoch: number }>;

/** `pinned`: it may have been sent already, so that no other connector may send it. */
export type Requeued = PartId & Readonly<{ dueAtMs: number; attempts: number; pinned: boolean }>;

export type Stored<Row> = { [Name in keyof Row]: Row[Name] extends number ? number | string : Row[Name] };

/** PostgreSQL takes the values of a list for text. */
export const isRowOf = 'part."messageId" = CAST(v.column1 AS BIGINT) AND part.part = CAST(v.column2 AS INTEGER)';
export const partAddressColumns = '"messageId", part, parts, account';

@Injectable()
export class PartsRepository {
  /**
   * What is claimed under an epoch that has ended is to be sent again, or left unanswered where its connector is in `neverAgain`. It may have
   * been sent: it stays with its connector.
   */
  async releaseClaims(manager: EntityManager, neverAgain: readonly string[]): Promise<void> {
    const state = neverAgain.length === 0 ? `${partState.queued}` : `CASE WHEN connector IN (${neverAgain.map(() => '?').join(', ')}) THEN ${partState.unanswered} ELSE ${partState.queued} END`;
    await run(
      manager,
      `UPDATE part SET state = ${state}, pinned = 1 WHERE state = ${partState.claimed} AND epoch NOT IN (SELECT epoch FROM instance_epoch)`,
      neverAgain,
    );
  }

  /** What is claimed under the epoch for the connector, as a requeue takes it. */
  async claimedUnder(manager: EntityManager, connector: string, epoch: number): Promise<Requeued[]> {
    const sql = `SELECT "messageId", part, "dueAtMs", attempts FROM part WHERE state = ${partState.claimed} AND epoch = ? AND connector = ?`;
    const rows = await run<Stored<Omit<Requeued, 'pinned'>>>(manager, sql, [epoch, connector]);
    return rows.map(({ messageId, part, dueAtMs, attempts }) => ({
      messageId: Number(messageId),
      part: Number(part),
      dueAtMs: Number(dueAtMs),
      attempts: Number(attempts),
      pinned: false,
    }));
  }

  /** Which of the parts nobody has claimed since, nor ended, with the state that they have. */
  async stillOpen(manager: EntityManager, parts: readonly (PartId & { epoch: number })[]): Promise<Map<string, number>> {
    const rows = await forRows<Stored<PartId> & { state: number }>(
      manager,
      parts.map(({ messageId, part, epoch }) => [messageId, part, epoch]),
      (values) =>
        `SELECT "messageId", part, state FROM part, (VALUES ${values}) AS v WHERE ${isRowOf} AND epoch = CAST(v.column3 AS INTEGER)
           AND state IN (${partState.queued}, ${partState.claimed}, ${partState.unanswered})`,
    );
    return new Map(rows.map(({ messageId, part, state }) => [keyOfPart({ messageId: Number(messageId), part: Number(part) }), Number(state)]));
  }

  /** Parts that are there already stay as they are. With a `claimEpoch` the new ones are claimed at once; tells which are new. */
  async add(manager: EntityManager, parts: readonly NewPart[], claimEpoch?: number): Promise<NewPart[]> {
    const state = claimEpoch === undefined ? partState.queued : partState.claimed;
    const rows = parts.map((part) => [
      part.messageId,
      part.part,
      part.parts,
      part.account,
      part.receiver,
      part.sender,
      part.text,
      part.coding,
      part.messageClass,
      rankOf(part.priority),
      part.dueAtMs,
      part.validUntilMs,
      part.connector,
      part.commercial ? 1 : 0,
      state,
      claimEpoch ?? 0,
      0,
    ]);
    const added = await forRows<Stored<PartId>>(
      manager,
      rows,
      (values) =>
        `INSERT INTO part (${partAddressColumns}, receiver, sender, text, coding, "messageClass", priority, "dueAtMs", "validUntilMs", connector, commercial, state, epoch, attempts)
         VALUES ${values} ON CONFLICT ("messageId", part) DO NOTHING RETURNING "messageId", part`,
    );
    if (added.length === parts.length) return [...parts];
    const keys = new Set(added.map(({ messageId, part }) => `${messageId}.${part}`));
    return parts.filter(({ messageId, part }) => keys.delete(`${messageId}.${part}`));
  }

  /** Ends those parts of the messages that were not claimed yet, and tells which. */
  async withdraw(manager: EntityManager, messageIds: readonly number[]): Promise<RoutedPartAddress[]> {
    const rows = await forRows<Stored<PartAddress> & { connector: string | null }>(
      manager,
      messageIds.map((messageId) => [messageId]),
      (values) =>
        `UPDATE part SET state = ${partState.ended}, text = NULL
         WHERE state = ${partState.queued} AND "messageId" IN (SELECT CAST(v.column1 AS BIGINT) FROM (VALUES ${values}) AS v)
         RETURNING ${partAddressColumns}, connector`,
    );
    return rows.map(routedAddressOf);
  }

  /** Whether no part of the message was ever handed over: a pinned one may have been. Undefined: the account has no such message. */
  async areAllWaiting(manager: EntityManager, account: string, messageId: number): Promise<boolean | undefined> {
    const sql = 'SELECT state, pinned FROM part WHERE "messageId" = ? AND account = ?';
    const rows = await run<{ state: number; pinned: number }>(manager, sql, [messageId, account]);
    if (rows.length === 0) return undefined;
    return rows.every(({ state, pinned }) => Number(state) === partState.queued && Number(pinned) === 0);
  }

  async markEnded(manager: EntityManager, ids: readonly PartId[]): Promise<void> {
    await setState(manager, ids, `state = ${partState.ended}, text = NULL`);
  }

  async markUnanswered(manager: EntityManager, ids: readonly PartId[]): Promise<void> {
    await setState(manager, ids, `state = ${partState.unanswered}, text = NULL`);
  }

  /** Back among those that wait, from `dueAtMs` on. */
  async requeue(manager: EntityManager, parts: readonly Requeued[]): Promise<void> {
    await forRows(
      manager,
      parts.map(({ messageId, part, dueAtMs, attempts, pinned }) => [messageId, part, dueAtMs, attempts, pinned ? 1 : 0]),
      (values) =>
        `UPDATE part SET state = ${partState.queued}, "dueAtMs" = CAST(v.column3 AS BIGINT), attempts = CAST(v.column4 AS INTEGER),
           pinned = CASE WHEN pinned = 1 THEN 1 ELSE CAST(v.column5 AS INTEGER) END
         FROM (VALUES ${values}) AS v WHERE ${isRowOf}`,
    );
  }

  /** Whether any part waits, or was left unanswered, whose validity is over. */
  async hasExpired(manager: EntityManager, nowMs: number): Promise<boolean> {
    const first = (state: number): string => `EXISTS (SELECT 1 FROM part WHERE state = ${state} AND "validUntilMs" <= ?)`;
    const [row] = await run<{ any: number }>(manager, `SELECT 1 AS "any" WHERE ${first(partState.queued)} OR ${first(partState.unanswered)}`, [nowMs, nowMs]);
    return row !== undefined;
  }

  /** Ends what waited, or was left unanswered, until its validity was over; `partsMax` at most. */
  async expire(
    manager: EntityManager,
    state: typeof partState.queued | typeof partState.unanswered,
    nowMs: number,
    partsMax: number,
  ): Promise<RoutedPartAddress[]> {
    const rows = await run<Stored<PartAddress> & { connector: string | null }>(
      manager,
      `UPDATE part SET state = ${partState.ended}, text = NULL WHERE ("messageId", part) IN (
         SELECT "messageId", part FROM part WHERE state = ${state} AND "validUntilMs" <= ? ORDER BY "validUntilMs" LIMIT ?)
       RETURNING ${partAddressColumns}, connector`,
      [nowMs, partsMax],
    );
    return rows.map(routedAddressOf);
  }

  /**
   * Deletes what ended and whose validity was over before `beforeMs`, among the `rowsMax` rows behind message `after`; tells the last
   * message that it looked at. It walks by the key, which needs no index of its own and holds nobody up for long.
   */
  async forget(manager: EntityManager, after: number, beforeMs: number, rowsMax: number): Promise<number | undefined> {
    const sql = 'SELECT "messageId" FROM part WHERE "messageId" > ? ORDER BY "messageId" LIMIT ?';
    const page = await run<{ messageId: number | string }>(manager, sql, [after, rowsMax]);
    const last = page.at(-1);
    if (!last) return undefined;
    await run(
      manager,
      `DELETE FROM part WHERE "messageId" > ? AND "messageId" <= ? AND "validUntilMs" < ? AND state IN (${partState.submitted}, ${partState.ended})`,
      [after, Number(last.messageId), beforeMs],
    );
    return Number(last.messageId);
  }
}

/** Of rows by their keys: what they become. */
export const setState = async (manager: EntityManager, ids: readonly PartId[], assignment: string): Promise<void> => {
  await forRows(
    manager,
    ids.map(({ messageId, part }) => [messageId, part]),
    (values) => `UPDATE part SET ${assignment} FROM (VALUES ${values}) AS v WHERE ${isRowOf}`,
  );
};

export const addressOf = ({ messageId, part, parts, account }: Stored<PartAddress>): PartAddress => ({
  messageId: Number(messageId),
  part: Number(part),
  parts: Number(parts),
  account,
});

const routedAddressOf = (row: Stored<PartAddress> & { connector: string | null }): RoutedPartAddress => ({ connector: row.connector ?? '', ...addressOf(row) });
