// Endpoints that have taken nothing since they began to fail.
import { ServiceDatabase } from '@kwota/service-kit/database';
import { forRows, run } from '@kwota/service-kit/sql';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

export type FailingEndpoint = Readonly<{ url: string; failingSinceMs: number; lastFailureAtMs: number; toldPercent: number }>;

@Injectable()
export class EndpointsRepository {
  constructor(private readonly database: ServiceDatabase) {}

  /** What became of a batch of attempts: a URL that took one is well, whatever the others said. */
  async record(manager: EntityManager, { took, failed }: Readonly<{ took: ReadonlySet<string>; failed: ReadonlyMap<string, number> }>): Promise<void> {
    if (took.size > 0 && (this.database.isShared || (await this.areAny(manager)))) {
      await forRows(
        manager,
        [...took].map((url) => [url]),
        (values) => `DELETE FROM callback_endpoint WHERE url IN (SELECT v.column1 FROM (VALUES ${values}) AS v)`,
      );
    }
    await forRows(
      manager,
      [...failed].filter(([url]) => !took.has(url)).map(([url, atMs]) => [url, atMs, atMs, 0]),
      (values) =>
        `INSERT INTO callback_endpoint (url, "failingSinceMs", "lastFailureAtMs", "toldPercent") VALUES ${values}
         ON CONFLICT (url) DO UPDATE SET "lastFailureAtMs" = excluded."lastFailureAtMs"`,
    );
  }

  async failing(manager: EntityManager): Promise<FailingEndpoint[]> {
    const rows = await run<{ url: string; failingSinceMs: number | string; lastFailureAtMs: number | string; toldPercent: number }>(
      manager,
      'SELECT url, "failingSinceMs", "lastFailureAtMs", "toldPercent" FROM callback_endpoint ORDER BY "failingSinceMs", url',
    );
    return rows.map((row) => ({ url: row.url, failingSinceMs: Number(row.failingSinceMs), lastFailureAtMs: Number(row.lastFailureAtMs), toldPercent: Number(row.toldPercent) }));
  }

  async told(manager: EntityManager, url: string, percent: number): Promise<void> {
    await run(manager, 'UPDATE callback_endpoint SET "toldPercent" = ? WHERE url = ?', [percent, url]);
  }

  async forget(manager: EntityManager, url: string): Promise<void> {
    await run(manager, 'DELETE FROM callback_endpoint WHERE url = ?', [url]);
  }

  /** Failures that lie so far back that nothing tells whether it still fails. */
  async forgetStale(manager: EntityManager, beforeMs: number): Promise<void> {
    await run(manager, 'DELETE FROM callback_endpoint WHERE "lastFailureAtMs" < ?', [beforeMs]);
  }

  private async areAny(manager: EntityManager): Promise<boolean> {
    const [row] = await run(manager, 'SELECT 1 AS one FROM callback_endpoint LIMIT 1');
    return row !== undefined;
  }
}
