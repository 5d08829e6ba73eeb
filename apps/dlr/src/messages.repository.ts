// Every message's state and its history: one row a message.
import type { AcceptedSubmission } from '@kwota/contracts/accepted.v1';
import type { Priority } from '@kwota/contracts/fields';
import type { MessageView } from '@kwota/contracts/dlr.requests.v1';
import type { PartReceipt } from '@kwota/contracts/receipts.v1';
import type { DlrId } from '@kwota/delivery-codes';
import { forRows, run, type SqlValue } from '@kwota/service-kit/sql';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { newMessageState, type MessageState, type PartEnd, type PartState } from './message-state/message-state.js';
import type { MessageAddress } from './track-messages/message-change.js';

export type TrackedMessage = Readonly<{ address: MessageAddress; state: MessageState }>;
export type OverdueMessage = Readonly<{ messageId: number; account: string; validUntilMs: number }>;

type Big = number | string;
type StateRow = Readonly<{
  messageId: Big;
  account: string;
  userId: string | null;
  parts: number;
  partStates: string;
  ptt: number;
  dlr: DlrId;
  final: number;
  silent: number;
  submitted: number;
  sequence: number;
  submittedAtMs: Big | null;
  deliveredAtMs: Big | null;
}>;
export type ViewRow = StateRow &
  Readonly<{ receiver: string; sender: string; text: string; tag: string; priority: Priority | null; creditsMilli: Big; acceptedAtMs: Big; deferredUntilMs: Big | null }>;

const stateColumns =
  '"messageId", account, "userId", parts, "partStates", ptt, dlr, final, silent, submitted, sequence, "submittedAtMs", "deliveredAtMs"';
export const viewColumns = `${stateColumns}, receiver, sender, text, tag, priority, "creditsMilli", "acceptedAtMs", "deferredUntilMs"`;

@Injectable()
export class MessagesRepository {
  /** Messages that are there already stay as they are. */
  async add(manager: EntityManager, submissions: readonly AcceptedSubmission[]): Promise<void> {
    const rows = submissions.flatMap(({ account, userId, messages, sender, text, tag, parts, priority, acceptedAtMs, deferredUntilMs, validUntilMs }) =>
      messages.map(({ messageId, receiver, priceMilliCredits }): SqlValue[] => [
        messageId,
        account,
        userId,
        receiver,
        sender,
        text,
        tag ?? '',
        parts,
        priority ?? null,
        priceMilliCredits,
        acceptedAtMs,
        deferredUntilMs ?? null,
        validUntilMs,
        // Nothing is known of the parts, and so of the message.
        '[]',
        0,
        0,
        0,
        0,
        0,
        0,
        0,
      ]),
    );
    await forRows(
      manager,
      rows,
      (values) =>
        `INSERT INTO message ("messageId", account, "userId", receiver, sender, text, tag, parts, priority, "creditsMilli", "acceptedAtMs",
           "deferredUntilMs", "validUntilMs", "partStates", ptt, dlr, final, silent, submitted, sequence, hidden)
         VALUES ${values} ON CONFLICT ("messageId") DO NOTHING`,
    );
  }

  async findStates(manager: EntityManager, messageIds: readonly number[]): Promise<Map<number, TrackedMessage>> {
    const rows = await forRows<StateRow>(
      manager,
      messageIds.map((messageId) => [messageId]),
      (values) =>
        `SELECT ${stateColumns} FROM message WHERE "messageId" IN (SELECT CAST(v.column1 AS BIGINT) FROM (VALUES ${values}) AS v)`,
    );
    return new Map(rows.map((row) => [Number(row.messageId), trackedOf(row)]));
  }

  async updateStates(manager: EntityManager, changed: readonly TrackedMessage[]): Promise<void> {
    await forRows(
      manager,
      changed.map(({ address: { messageId }, state }) => [
        messageId,
        partsText(state.parts),
        state.ptt,
        state.dlr,
        state.final ? 1 : 0,
        state.silent ? 1 : 0,
        state.submitted ? 1 : 0,
        state.sequence,
        state.submittedAtMs,
        state.deliveredAtMs,
      ]),
      (values) =>
        `UPDATE message SET "partStates" = v.column2, ptt = CAST(v.column3 AS INTEGER), dlr = CAST(v.column4 AS INTEGER),
           final = CAST(v.column5 AS INTEGER), silent = CAST(v.column6 AS INTEGER), submitted = CAST(v.column7 AS INTEGER),
           sequence = CAST(v.column8 AS INTEGER), "submittedAtMs" = CAST(v.column9 AS BIGINT), "deliveredAtMs" = CAST(v.column10 AS BIGINT)
         FROM (VALUES ${values}) AS v WHERE message."messageId" = CAST(v.column1 AS BIGINT)`,
    );
  }

  /** Not final though their validity was over before `beforeMs`, the oldest first, behind `after`; at most `rowsMax`. */
  async findOverdue(manager: EntityManager, beforeMs: number, after: OverdueMessage | undefined, rowsMax: number): Promise<OverdueMessage[]> {
    const rows = await run<{ messageId: Big; account: string; validUntilMs: Big }>(
      manager,
      `SELECT "messageId", account, "validUntilMs" FROM message WHERE final = 0 AND "validUntilMs" < ? AND ("validUntilMs", "messageId") > (?, ?)
       ORDER BY "validUntilMs", "messageId" LIMIT ?`,
      [beforeMs, after?.validUntilMs ?? 0, after?.messageId ?? 0, rowsMax],
    );
    return rows.map(({ messageId, account, validUntilMs }) => ({ messageId: Number(messageId), account, validUntilMs: Number(validUntilMs) }));
  }

  /** A receipt that came before its message. */
  async keepEarly(manager: EntityManager, receipts: readonly PartReceipt[], nowMs: number): Promise<void> {
    await forRows(
      manager,
      receipts.map((receipt) => [receipt.messageId, JSON.stringify(receipt), nowMs]),
      (values) => `INSERT INTO early_receipt ("messageId", receipt, "receivedAtMs") VALUES ${values}`,
    );
  }

  /** Takes out what was kept for these messages, in the order in which it came. */
  async takeEarly(manager: EntityManager, messageIds: readonly number[]): Promise<PartReceipt[]> {
    const rows = await forRows<{ id: number; receipt: string }>(
      manager,
      messageIds.map((messageId) => [messageId]),
      (values) =>
        `DELETE FROM early_receipt WHERE "messageId" IN (SELECT CAST(v.column1 AS BIGINT) FROM (VALUES ${values}) AS v) RETURNING id, receipt`,
    );
    return rows.toSorted((a, b) => a.id - b.id).map(({ receipt }) => JSON.parse(receipt) as PartReceipt);
  }

  async countEarly(manager: EntityManager): Promise<number> {
    const [row] = await run<{ kept: Big }>(manager, 'SELECT COUNT(*) AS kept FROM early_receipt');
    return Number(row?.kept ?? 0);
  }

  async forgetEarly(manager: EntityManager, beforeMs: number): Promise<void> {
    await run(manager, 'DELETE FROM early_receipt WHERE "receivedAtMs" < ?', [beforeMs]);
  }

  /** `userId` undefined: of the whole account. */
  async find(manager: EntityManager, account: string, userId: string | null | undefined, messageId: number): Promise<MessageView | undefined> {
    const sql = `SELECT ${viewColumns} FROM message WHERE "messageId" = ? AND account = ? AND hidden = 0`;
    const [row] = await run<ViewRow>(manager, sql, [messageId, account]);
    if (!row || (userId !== undefined && row.userId !== userId)) return undefined;
    return viewOf(row);
  }

  /** Takes it out of the history, and what is personal out of the row. */
  async hide(manager: EntityManager, messageId: number): Promise<void> {
    await run(manager, `UPDATE message SET hidden = 1, receiver = '', sender = '', text = '', tag = '' WHERE "messageId" = ?`, [messageId]);
  }

  /** Deletes messages accepted before `beforeMs` with their callbacks; at most `rowsMax`; how many there were. */
  async forget(manager: EntityManager, beforeMs: number, rowsMax: number): Promise<number> {
    const oldest = await run<{ messageId: Big; acceptedAtMs: Big }>(
      manager,
      'SELECT "messageId", "acceptedAtMs" FROM message ORDER BY "messageId" LIMIT ?',
      [rowsMax],
    );
    const old = oldest.filter(({ acceptedAtMs }) => Number(acceptedAtMs) < beforeMs).map(({ messageId }) => [Number(messageId)]);
    for (const table of ['callback', 'message'])
      await forRows(
        manager,
        old,
        (values) => `DELETE FROM ${table} WHERE "messageId" IN (SELECT CAST(v.column1 AS BIGINT) FROM (VALUES ${values}) AS v)`,
      );
    return old.length;
  }
}

const ends: readonly PartEnd[] = ['open', 'told', 'silence', 'never-submitted'];

/** Short, since it is written with every change. */
const partsText = (parts: readonly PartState[]): string => JSON.stringify(parts.map(({ ptt, dlr, end, atMs }) => [ptt, dlr, ends.indexOf(end), atMs]));

const partsOf = (text: string, count: number): readonly PartState[] => {
  const stored = JSON.parse(text) as [number, DlrId, number, number][];
  if (stored.length === 0) return newMessageState(count).parts;
  return stored.map(([ptt, dlr, end, atMs]) => ({ ptt, dlr, end: ends[end] as PartEnd, atMs }));
};

const numberOrNull = (value: Big | null): number | null => (value === null ? null : Number(value));

const trackedOf = (row: StateRow): TrackedMessage => ({
  address: { messageId: Number(row.messageId), account: row.account, userId: row.userId },
  state: {
    parts: partsOf(row.partStates, Number(row.parts)),
    ptt: Number(row.ptt),
    dlr: Number(row.dlr) as DlrId,
    final: Number(row.final) === 1,
    silent: Number(row.silent) === 1,
    submitted: Number(row.submitted) === 1,
    sequence: Number(row.sequence),
    submittedAtMs: numberOrNull(row.submittedAtMs),
    deliveredAtMs: numberOrNull(row.deliveredAtMs),
  },
});

/** A row as its sender sees it. */
export const viewOf = (row: ViewRow): MessageView => {
  const { address, state } = trackedOf(row);
  const { receiver, sender, text, tag, priority } = row;
  return {
    messageId: address.messageId,
    userId: address.userId,
    receiver,
    sender,
    text,
    tag,
    parts: Number(row.parts),
    ...(priority !== null && { priority }),
    creditsMilli: Number(row.creditsMilli),
    ptt: state.ptt,
    dlr: state.dlr,
    final: state.final,
    acceptedAtMs: Number(row.acceptedAtMs),
    deferredUntilMs: numberOrNull(row.deferredUntilMs),
    submittedAtMs: state.submittedAtMs,
    deliveredAtMs: state.deliveredAtMs,
  };
};
