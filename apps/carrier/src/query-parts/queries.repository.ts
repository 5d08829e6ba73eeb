// Parts whose SMSC is to be asked what became of them (query_sm): only of connectors that offer it, until a final receipt comes.
import { forRows, run } from '@kwota/service-kit/sql';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isRowOf, type PartId, type Stored } from '../parts.repository.js';

export type Query = PartId & Readonly<{ connector: string; smscId: string; sender: string; receiver: string }>;

@Injectable()
export class QueriesRepository {
  async add(manager: EntityManager, queries: readonly (PartId & { connector: string; atMs: number })[]): Promise<void> {
    await forRows(
      manager,
      queries.map(({ messageId, part, connector, atMs }) => [messageId, part, connector, atMs]),
      (values) => `INSERT INTO part_to_query ("messageId", part, connector, "atMs") VALUES ${values} ON CONFLICT ("messageId", part) DO NOTHING`,
    );
  }

  async drop(manager: EntityManager, parts: readonly PartId[]): Promise<void> {
    await forRows(
      manager,
      parts.map(({ messageId, part }) => [messageId, part]),
      (values) =>
        `DELETE FROM part_to_query WHERE ("messageId", part) IN (SELECT CAST(v.column1 AS BIGINT), CAST(v.column2 AS INTEGER) FROM (VALUES ${values}) AS v)`,
    );
  }

  /** The connector's due ones, which are due again at `nextAtMs`. */
  async take(manager: EntityManager, connector: string, nowMs: number, nextAtMs: number, rowsMax: number): Promise<Query[]> {
    const due = await run<Stored<PartId>>(
      manager,
      `UPDATE part_to_query SET "atMs" = ? WHERE ("messageId", part) IN (
         SELECT "messageId", part FROM part_to_query WHERE connector = ? AND "atMs" <= ? ORDER BY "atMs" LIMIT ?)
       RETURNING "messageId", part`,
      [nextAtMs, connector, nowMs, rowsMax],
    );
    const rows = await forRows<Stored<Query>>(
      manager,
      due.map(({ messageId, part }) => [Number(messageId), Number(part)]),
      (values) => `SELECT "messageId", part, connector, "smscId", sender, receiver FROM part, (VALUES ${values}) AS v WHERE ${isRowOf} AND "smscId" IS NOT NULL`,
    );
    return rows.map((row) => ({ ...row, messageId: Number(row.messageId), part: Number(row.part) }));
  }

  /** Whose part is forgotten, or whose connector asks no more. */
  async forget(manager: EntityManager, asking: readonly string[]): Promise<void> {
    const isOther = asking.length === 0 ? '1 = 1' : `connector NOT IN (${asking.map(() => '?').join(', ')})`;
    const isGone = 'NOT EXISTS (SELECT 1 FROM part WHERE part."messageId" = part_to_query."messageId" AND part.part = part_to_query.part)';
    await run(manager, `DELETE FROM part_to_query WHERE ${isOther} OR ${isGone}`, asking);
  }
}
