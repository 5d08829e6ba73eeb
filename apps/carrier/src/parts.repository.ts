// The queue of what is to be submitted and the memory of what was: one row a part. All SQL of the carrier is here.
import { Injectable } from '@nestjs/common';
import type { TextCoding } from '@kwota/sms-text';
import type { EntityManager } from 'typeorm';
import { forRows, run } from '@kwota/service-kit/sql';

/** `claimed`: about to be submitted, or submitted and not answered yet. `unanswered`: its answer was lost and it is not to be sent again. */
export const partState = { queued: 0, claimed: 1, submitted: 2, ended: 3, unanswered: 4 } as const;

export type PartId = Readonly<{ messageId: number; part: number }>;
export const keyOfPart = ({ messageId, part }: PartId): string => `${messageId}.${part}`;
/** What a receipt to dlr needs to know of a part. */
export type PartAddress = PartId & Readonly<{ parts: number; account: string }>;
export type NewPart = PartAddress &
  Readonly<{
    receiver: string;
    sender: string;
    text: string;
    coding: TextCoding;
    messageClass: number | null;
    dueAtMs: number;
    /** Absolute: never submitted after it. */
    validUntilMs: number;
  }>;
/** `epoch`: under which its claim is. */
export type ClaimedPart = NewPart & Readonly<{ attempts: number; epoch: number }>;

/** What a delivery receipt said, as it came. */
export type RawReceipt = Readonly<{ smscId: string; stat: string | null; err: string | null; messageState: number | null; receivedAtMs: number }>;

type Stored<Row> = { [Name in keyof Row]: Row[Name] extends number ? number | string : Row[Name] };

/** PostgreSQL takes the values of a list for text. */
const isRowOf = 'part."messageId" = CAST(v.column1 AS BIGINT) AND part.part = CAST(v.column2 AS INTEGER)';
const address = '"messageId", part, parts, account';

@Injectable()
export class PartsRepository {
  /** What is claimed under an epoch that has ended is to be sent again, or left unanswered. */
  async releaseClaims(manager: EntityManager, state: typeof partState.queued | typeof partState.unanswered): Promise<void> {
    await run(manager, `UPDATE part SET state = ${state} WHERE state = ${partState.claimed} AND epoch NOT IN (SELECT epoch FROM instance_epoch)`);
  }

  /** What is claimed under the epoch, as a requeue takes it. */
  async claimedUnder(manager: EntityManager, epoch: number): Promise<(PartId & { dueAtMs: number; attempts: number })[]> {
    const sql = `SELECT "messageId", part, "dueAtMs", attempts FROM part WHERE state = ${partState.claimed} AND epoch = ?`;
    const rows = await run<Stored<PartId & { dueAtMs: number; attempts: number }>>(manager, sql, [epoch]);
    return rows.map(({ messageId, part, dueAtMs, attempts }) => ({
      messageId: Number(messageId),
      part: Number(part),
      dueAtMs: Number(dueAtMs),
      attempts: Number(attempts),
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
      part.dueAtMs,
      part.validUntilMs,
      state,
      claimEpoch ?? 0,
      0,
    ]);
    const added = await forRows<Stored<PartId>>(
      manager,
      rows,
      (values) =>
        `INSERT INTO part (${address}, receiver, sender, text, coding, "messageClass", "dueAtMs", "validUntilMs", state, epoch, attempts)
         VALUES ${values} ON CONFLICT ("messageId", part) DO NOTHING RETURNING "messageId", part`,
    );
    if (added.length === parts.length) return [...parts];
    const keys = new Set(added.map(({ messageId, part }) => `${messageId}.${part}`));
    return parts.filter(({ messageId, part }) => keys.delete(`${messageId}.${part}`));
  }

  /** Ends those parts of the messages that were not claimed yet, and tells which. */
  async withdraw(manager: EntityManager, messageIds: readonly number[]): Promise<PartAddress[]> {
    const rows = await forRows<Stored<PartAddress>>(
      manager,
      messageIds.map((messageId) => [messageId]),
      (values) =>
        `UPDATE part SET state = ${partState.ended}, text = NULL
         WHERE state = ${partState.queued} AND "messageId" IN (SELECT CAST(v.column1 AS BIGINT) FROM (VALUES ${values}) AS v) RETURNING ${address}`,
    );
    return rows.map(addressOf);
  }

  /** The next due parts, marked as this epoch's before anything is sent. */
  async claim(manager: EntityManager, epoch: number, nowMs: number, partsMax: number): Promise<ClaimedPart[]> {
    const rows = await run<Stored<ClaimedPart>>(
      manager,
      `UPDATE part SET state = ${partState.claimed}, epoch = ? WHERE ("messageId", part) IN (
         SELECT "messageId", part FROM part WHERE state = ${partState.queued} AND "dueAtMs" <= ? AND "validUntilMs" > ?
         ORDER BY "dueAtMs", "messageId", part LIMIT ?)
       RETURNING ${address}, receiver, sender, text, coding, "messageClass", "dueAtMs", "validUntilMs", attempts`,
      [epoch, nowMs, nowMs, partsMax],
    );
    return rows
      .map((row) => ({
        ...row,
        ...addressOf(row),
        dueAtMs: Number(row.dueAtMs),
        validUntilMs: Number(row.validUntilMs),
        attempts: Number(row.attempts),
        epoch,
      }))
      .sort((a, b) => a.dueAtMs - b.dueAtMs || a.messageId - b.messageId || a.part - b.part);
  }

  /** When the next part that waits is due; undefined when none does. */
  async nextDueAtMs(manager: EntityManager): Promise<number | undefined> {
    const sql = `SELECT "dueAtMs" FROM part WHERE state = ${partState.queued} ORDER BY "dueAtMs" LIMIT 1`;
    const [row] = await run<{ dueAtMs: number | string }>(manager, sql);
    return row && Number(row.dueAtMs);
  }

  /** The SMSC has them; their texts are not needed any more. */
  async markSubmitted(manager: EntityManager, connector: string, submitted: readonly (PartId & { smscId: string })[]): Promise<void> {
    await forRows(
      manager,
      submitted.map(({ messageId, part, smscId }) => [messageId, part, smscId, connector]),
      (values) =>
        `UPDATE part SET state = ${partState.submitted}, text = NULL, "smscId" = v.column3, connector = v.column4
         FROM (VALUES ${values}) AS v WHERE ${isRowOf}`,
    );
  }

  async markEnded(manager: EntityManager, ids: readonly PartId[]): Promise<void> {
    await this.setState(manager, ids, `state = ${partState.ended}, text = NULL`);
  }

  async markUnanswered(manager: EntityManager, ids: readonly PartId[]): Promise<void> {
    await this.setState(manager, ids, `state = ${partState.unanswered}, text = NULL`);
  }

  /** Back among those that wait, from `dueAtMs` on. */
  async requeue(manager: EntityManager, parts: readonly (PartId & { dueAtMs: number; attempts: number })[]): Promise<void> {
    await forRows(
      manager,
      parts.map(({ messageId, part, dueAtMs, attempts }) => [messageId, part, dueAtMs, attempts]),
      (values) =>
        `UPDATE part SET state = ${partState.queued}, "dueAtMs" = CAST(v.column3 AS BIGINT), attempts = CAST(v.column4 AS INTEGER)
         FROM (VALUES ${values}) AS v WHERE ${isRowOf}`,
    );
  }

  /** Ends what waited, or was left unanswered, until its validity was over; `partsMax` at most. */
  async expire(
    manager: EntityManager,
    state: typeof partState.queued | typeof partState.unanswered,
    nowMs: number,
    partsMax: number,
  ): Promise<PartAddress[]> {
    const rows = await run<Stored<PartAddress>>(
      manager,
      `UPDATE part SET state = ${partState.ended}, text = NULL WHERE ("messageId", part) IN (
         SELECT "messageId", part FROM part WHERE state = ${state} AND "validUntilMs" <= ? ORDER BY "validUntilMs" LIMIT ?)
       RETURNING ${address}`,
      [nowMs, partsMax],
    );
    return rows.map(addressOf);
  }

  /** By the SMSC's id; where an SMSC gave an id twice, the later message has it. */
  async findSubmitted(manager: EntityManager, connector: string, smscIds: readonly string[]): Promise<Map<string, PartAddress>> {
    const rows = await forRows<Stored<PartAddress> & { smscId: string; connector: string }>(
      manager,
      smscIds.map((smscId) => [smscId]),
      (values) => `SELECT ${address}, "smscId", connector FROM part WHERE "smscId" IN (VALUES ${values}) ORDER BY "messageId"`,
    );
    return new Map(rows.filter((row) => row.connector === connector).map((row) => [row.smscId, addressOf(row)]));
  }

  async keepEarly(manager: EntityManager, connector: string, receipts: readonly RawReceipt[]): Promise<void> {
    await forRows(
      manager,
      receipts.map(({ smscId, stat, err, messageState, receivedAtMs }) => [connector, smscId, stat, err, messageState, receivedAtMs]),
      (values) => `INSERT INTO early_receipt (connector, "smscId", stat, err, "messageState", "receivedAtMs") VALUES ${values}`,
    );
  }

  /** Takes out what was kept for these ids, in the order in which it came. */
  async takeEarly(manager: EntityManager, connector: string, smscIds: readonly string[]): Promise<RawReceipt[]> {
    const rows = await forRows<Stored<RawReceipt> & { id: number; connector: string; messageState: number | null }>(
      manager,
      smscIds.map((smscId) => [smscId]),
      (values) => `DELETE FROM early_receipt WHERE "smscId" IN (VALUES ${values}) RETURNING id, connector, "smscId", stat, err, "messageState", "receivedAtMs"`,
    );
    return rows
      .filter((row) => row.connector === connector)
      .sort((a, b) => a.id - b.id)
      .map(({ smscId, stat, err, messageState, receivedAtMs }) => ({ smscId, stat, err, messageState, receivedAtMs: Number(receivedAtMs) }));
  }

  async countEarly(manager: EntityManager): Promise<number> {
    const [row] = await run<{ kept: number | string }>(manager, 'SELECT COUNT(*) AS kept FROM early_receipt');
    return Number(row?.kept ?? 0);
  }

  async forgetEarly(manager: EntityManager, beforeMs: number): Promise<void> {
    await run(manager, 'DELETE FROM early_receipt WHERE "receivedAtMs" < ?', [beforeMs]);
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

  private async setState(manager: EntityManager, ids: readonly PartId[], assignment: string): Promise<void> {
    await forRows(
      manager,
      ids.map(({ messageId, part }) => [messageId, part]),
      (values) => `UPDATE part SET ${assignment} FROM (VALUES ${values}) AS v WHERE ${isRowOf}`,
    );
  }
}

const addressOf = ({ messageId, part, parts, account }: Stored<PartAddress>): PartAddress => ({
  messageId: Number(messageId),
  part: Number(part),
  parts: Number(parts),
  account,
});
