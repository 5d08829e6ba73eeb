// What the SMSC has taken, by the id that it gave, and the receipts that came before their answer.
import { forRows, run } from '@kwota/service-kit/sql';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { addressOf, isRowOf, partAddressColumns, partState, type PartAddress, type PartId, type Stored } from './parts.repository.js';
import { fitOf, keyColumn, keysOfSmscId, type RawReceipt } from './receive-receipts/smsc-id.js';

export type SubmittedPart = PartAddress & Readonly<{ smscId: string; receiver: string; connector: string }>;
type KeptReceipt = RawReceipt & Readonly<{ id: number }>;

@Injectable()
export class SubmittedPartsRepository {
  /** The SMSC has them; their texts are not needed any more. */
  async mark(manager: EntityManager, submitted: readonly (PartId & { smscId: string; connector: string })[]): Promise<void> {
    await forRows(
      manager,
      submitted.map(({ messageId, part, smscId, connector }) => [messageId, part, smscId, connector]),
      (values) =>
        `UPDATE part SET state = ${partState.submitted}, text = NULL, "smscId" = v.column3, connector = v.column4
         FROM (VALUES ${values}) AS v WHERE ${isRowOf}`,
    );
  }

  /** Whom each receipt tells of: all parts that were sent as one; where an SMSC gave an id twice, the later message has it. */
  async find(manager: EntityManager, connector: string, received: readonly RawReceipt[]): Promise<Map<RawReceipt, SubmittedPart[]>> {
    const keys = new Set(received.flatMap(({ smscId }) => keysOfSmscId(smscId)));
    const rows = await forRows<Stored<PartAddress> & { smscId: string; receiver: string; connector: string; key: string }>(
      manager,
      [...keys].map((key) => [key]),
      (values) =>
        `SELECT ${partAddressColumns}, "smscId", receiver, connector, ${keyColumn} AS key FROM part
         WHERE "smscId" IS NOT NULL AND ${keyColumn} IN (VALUES ${values}) ORDER BY "messageId" DESC, part`,
    );
    const byKey = new Map<string, SubmittedPart[]>();
    for (const { key, ...row } of rows) {
      if (row.connector !== connector) continue;
      const found = { ...row, ...addressOf(row) };
      byKey.set(key, [...(byKey.get(key) ?? []), found]);
    }
    return new Map(received.map((receipt) => [receipt, bestOf(receipt, keysOfSmscId(receipt.smscId).flatMap((key) => byKey.get(key) ?? []))]));
  }

  async keepEarly(manager: EntityManager, connector: string, receipts: readonly RawReceipt[]): Promise<void> {
    await forRows(
      manager,
      receipts.map(({ smscId, stat, err, messageState, receiver, receivedAtMs }) => [connector, smscId, stat, err, messageState, receiver, receivedAtMs]),
      (values) => `INSERT INTO early_receipt (connector, "smscId", stat, err, "messageState", receiver, "receivedAtMs") VALUES ${values}`,
    );
  }

  /** Takes out what was kept for these parts, in the order in which it came. */
  async takeEarly(manager: EntityManager, connector: string, parts: readonly Readonly<{ smscId: string; receiver: string }>[]): Promise<RawReceipt[]> {
    const byKey = new Map<string, { smscId: string; receiver: string }[]>();
    for (const part of parts) for (const key of keysOfSmscId(part.smscId)) byKey.set(key, [...(byKey.get(key) ?? []), part]);
    const rows = await forRows<Stored<KeptReceipt> & { id: number; connector: string; messageState: number | null; key: string }>(
      manager,
      [...byKey.keys()].map((key) => [key]),
      (values) =>
        `SELECT id, connector, "smscId", stat, err, "messageState", receiver, "receivedAtMs", ${keyColumn} AS key FROM early_receipt
         WHERE ${keyColumn} IN (VALUES ${values}) ORDER BY id`,
    );
    const kept = rows.filter((row) => row.connector === connector && (byKey.get(row.key) ?? []).some((part) => fitOf(row, part) > 0));
    await forRows(
      manager,
      kept.map(({ id }) => [id]),
      (values) => `DELETE FROM early_receipt WHERE id IN (SELECT CAST(v.column1 AS INTEGER) FROM (VALUES ${values}) AS v)`,
    );
    return kept
      .sort((a, b) => a.id - b.id)
      .map(({ smscId, stat, err, messageState, receiver, receivedAtMs }) => ({ smscId, stat, err, messageState, receiver, receivedAtMs: Number(receivedAtMs) }));
  }

  async countEarly(manager: EntityManager): Promise<number> {
    const [row] = await run<{ kept: number | string }>(manager, 'SELECT COUNT(*) AS kept FROM early_receipt');
    return Number(row?.kept ?? 0);
  }

  async forgetEarly(manager: EntityManager, beforeMs: number): Promise<void> {
    await run(manager, 'DELETE FROM early_receipt WHERE "receivedAtMs" < ?', [beforeMs]);
  }
}

/** The later message first. */
const bestOf = (receipt: RawReceipt, candidates: readonly SubmittedPart[]): SubmittedPart[] => {
  const fits = candidates.map((part) => fitOf(receipt, part));
  const best = Math.max(0, ...fits);
  const fitting = best === 0 ? [] : candidates.filter((_, index) => fits[index] === best);
  const newest = Math.max(...fitting.map(({ messageId }) => messageId));
  return fitting.filter(({ messageId }) => messageId === newest);
};
