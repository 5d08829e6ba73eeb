// What is personal in old rows goes before the rows do; what a message cost and how it ended stays, and the ledger is never touched.
import { run } from '@kwota/service-kit/sql';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { callbackState } from '../send-callbacks/callback-queue.repository.js';

type Page = Readonly<{ last: number; isMore: boolean }>;

@Injectable()
export class EraseHistoryRepository {
  /**
   * The next rows behind message `after` that were accepted before `beforeMs`: texts, numbers and tags of ended messages. It walks by the key,
   * which needs no index of its own.
   */
  async eraseTexts(manager: EntityManager, after: number, beforeMs: number, rowsMax: number): Promise<Page> {
    const page = await this.nextOf(manager, 'message', '"acceptedAtMs"', after, beforeMs, rowsMax);
    if (page.last > after)
      await run(
        manager,
        `UPDATE message SET receiver = '', sender = '', text = '', tag = '' WHERE "messageId" > ? AND "messageId" <= ? AND "acceptedAtMs" < ? AND final = 1`,
        [after, page.last, beforeMs],
      );
    return page;
  }

  /** The same for what attempts of ended callbacks recorded. */
  async eraseAttempts(manager: EntityManager, after: number, beforeMs: number, rowsMax: number): Promise<Page> {
    const page = await this.nextOf(manager, 'callback', '"atMs"', after, beforeMs, rowsMax);
    const ended = `(${callbackState.delivered}, ${callbackState.superseded}, ${callbackState.dead})`;
    if (page.last > after)
      await run(manager, `UPDATE callback SET attempts = '[]' WHERE "messageId" > ? AND "messageId" <= ? AND "atMs" < ? AND state IN ${ended}`, [after, page.last, beforeMs]);
    return page;
  }

  /** Ids grow with time: the first young row ends the walk. */
  private async nextOf(manager: EntityManager, table: string, timeColumn: string, after: number, beforeMs: number, rowsMax: number): Promise<Page> {
    const rows = await run<{ messageId: number | string; atMs: number | string }>(
      manager,
      `SELECT "messageId", ${timeColumn} AS "atMs" FROM ${table} WHERE "messageId" > ? ORDER BY "messageId" LIMIT ?`,
      [after, rowsMax],
    );
    const old = rows.filter(({ atMs }) => Number(atMs) < beforeMs);
    return { last: Number(old.at(-1)?.messageId ?? after), isMore: rows.length === rowsMax && old.length === rows.length };
  }
}
