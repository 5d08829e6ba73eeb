import { forRows, run } from '@kwota/service-kit/sql';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isRowOf, partAddressColumns, partState, type PartAddress, type PartId, type RoutedPartAddress, type Stored } from '../parts.repository.js';

@Injectable()
export class StoppedPartsRepository {
  /** The account's parts that nobody has claimed, with their receivers. One that may have been sent already is left to its connector. */
  async waitingOf(manager: EntityManager, account: string): Promise<(PartId & { receiver: string })[]> {
    const sql = `SELECT "messageId", part, receiver FROM part WHERE state = ${partState.queued} AND pinned = 0 AND account = ?`;
    const rows = await run<Stored<PartId> & { receiver: string }>(manager, sql, [account]);
    return rows.map(({ messageId, part, receiver }) => ({ messageId: Number(messageId), part: Number(part), receiver }));
  }

  /** Tells which were still waiting. */
  async end(manager: EntityManager, parts: readonly PartId[]): Promise<RoutedPartAddress[]> {
    const rows = await forRows<Stored<PartAddress> & { connector: string | null }>(
      manager,
      parts.map(({ messageId, part }) => [messageId, part]),
      (values) =>
        `UPDATE part SET state = ${partState.ended}, text = NULL FROM (VALUES ${values}) AS v
         WHERE state = ${partState.queued} AND ${isRowOf} RETURNING ${partAddressColumns}, connector`,
    );
    return rows.map(({ messageId, part, parts: of, account, connector }) => ({ messageId: Number(messageId), part: Number(part), parts: Number(of), account, connector: connector ?? '' }));
  }
}
