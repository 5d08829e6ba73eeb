import { forRows, run } from '@kwota/service-kit/sql';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { isRowOf, partState, type PartId, type Stored } from '../parts.repository.js';

export type RoutedPart = PartId & Readonly<{ receiver: string; connector: string }>;

@Injectable()
export class ReroutePartsRepository {
  /** Connectors for which something waits. */
  async waitedFor(manager: EntityManager): Promise<string[]> {
    // It goes from connector to connector in the index, however much waits for each.
    const rows = await run<{ connector: string }>(
      manager,
      `WITH RECURSIVE waited(connector) AS (
         SELECT MIN(connector) FROM part WHERE state = ${partState.queued}
         UNION ALL
         SELECT (SELECT MIN(part.connector) FROM part WHERE state = ${partState.queued} AND part.connector > waited.connector) FROM waited
         WHERE waited.connector IS NOT NULL)
       SELECT connector FROM waited WHERE connector IS NOT NULL`,
    );
    return rows.map(({ connector }) => connector);
  }

  /** What waits for the connector behind `after`; what may have been sent through it already stays, unless it is gone for good. */
  async waitingFor(manager: EntityManager, connector: string, pinnedToo: boolean, after: PartId, rowsMax: number): Promise<RoutedPart[]> {
    const rows = await run<Stored<PartId> & { receiver: string }>(
      manager,
      `SELECT "messageId", part, receiver FROM part WHERE state = ${partState.queued} AND connector = ?${pinnedToo ? '' : ' AND pinned = 0'}
         AND ("messageId", part) > (?, ?) ORDER BY "messageId", part LIMIT ?`,
      [connector, after.messageId, after.part, rowsMax],
    );
    return rows.map(({ messageId, part, receiver }) => ({ messageId: Number(messageId), part: Number(part), receiver, connector }));
  }

  /** How many wait for each connector; the empty name for those that none takes. */
  async countQueued(manager: EntityManager): Promise<Map<string, number>> {
    const rows = await run<{ connector: string; queued: number | string }>(
      manager,
      `SELECT connector, COUNT(*) AS queued FROM part WHERE state = ${partState.queued} GROUP BY connector`,
    );
    return new Map(rows.map(({ connector, queued }) => [connector, Number(queued)]));
  }

  async move(manager: EntityManager, parts: readonly RoutedPart[]): Promise<void> {
    await forRows(
      manager,
      parts.map(({ messageId, part, connector }) => [messageId, part, connector]),
      (values) => `UPDATE part SET connector = v.column3, pinned = 0 FROM (VALUES ${values}) AS v WHERE ${isRowOf} AND state = ${partState.queued}`,
    );
  }
}
