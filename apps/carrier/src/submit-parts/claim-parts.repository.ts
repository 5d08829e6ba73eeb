// Whose turn it is: the order in which what waits for a connector is taken (ADR 17).
import { run } from '@kwota/service-kit/sql';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { addressOf, partAddressColumns, partState, type ClaimedPart, type Stored } from '../parts.repository.js';
import { priorities, priorityOf, rankOf } from '../priorities.js';
import { agedAfterMs } from './aged-turns.js';

export type Claim = Readonly<{
  connector: string;
  epoch: number;
  nowMs: number;
  partsMax: number;
  /** So many of them may be parts that waited long, before more urgent ones. */
  agedMax: number;
  /** The other parts of their messages, too. */
  wholeMessages: boolean;
}>;

type ClaimedRow = Stored<Omit<ClaimedPart, 'commercial' | 'priority'>> & Readonly<{ commercial: number; priority: number | string }>;
type Sql = Readonly<{ sql: string; values: readonly (string | number)[] }>;

const keys = '"messageId", part';
const oldestFirst = '"dueAtMs", "messageId", part';
const ranks = priorities.map((_, rank) => rank);

/** The oldest due parts of each priority, `rowsMax` of each at most: the index has them in that order. */
const oldestOf = (chosen: readonly number[], { connector, nowMs }: Pick<Claim, 'connector' | 'nowMs'>, dueBeforeMs: number, rowsMax: number): Sql => ({
  sql: chosen
    .map(
      (rank) => `SELECT * FROM (SELECT ${keys}, priority, "dueAtMs" FROM part
         WHERE state = ${partState.queued} AND connector = ? AND priority = ${rank} AND "dueAtMs" <= ? AND "validUntilMs" > ?
         ORDER BY ${oldestFirst} LIMIT ?) AS of_rank_${rank}`,
    )
    .join(' UNION ALL '),
  values: chosen.flatMap(() => [connector, dueBeforeMs, nowMs, rowsMax]),
});

/** Keys of the next parts: first those that waited long, as many as may, then by priority, the oldest first. */
export const nextParts = (claim: Omit<Claim, 'epoch' | 'wholeMessages'>): Sql => {
  const { nowMs, partsMax, agedMax } = claim;
  const due = oldestOf(ranks, claim, nowMs, partsMax);
  const byPriority = `priority, ${oldestFirst} LIMIT ?`;
  if (agedMax === 0) return { sql: `SELECT ${keys} FROM (${due.sql}) AS due ORDER BY ${byPriority}`, values: [...due.values, partsMax] };
  const aged = oldestOf(ranks.slice(1), claim, nowMs - agedAfterMs, agedMax);
  const isAged = `(${keys}) IN (SELECT ${keys} FROM (${aged.sql}) AS aged ORDER BY ${oldestFirst} LIMIT ?)`;
  return {
    sql: `SELECT ${keys} FROM (${due.sql}) AS due ORDER BY CASE WHEN ${isAged} THEN 0 ELSE 1 END, ${byPriority}`,
    values: [...due.values, ...aged.values, agedMax, partsMax],
  };
};

@Injectable()
export class ClaimPartsRepository {
  /** The connector's next due parts, marked as this epoch's before anything is sent. */
  async claim(manager: EntityManager, claim: Claim): Promise<ClaimedPart[]> {
    const { connector, epoch, nowMs, wholeMessages } = claim;
    const next = nextParts(claim);
    const due = `state = ${partState.queued} AND connector = ? AND "dueAtMs" <= ? AND "validUntilMs" > ?`;
    const chosen = wholeMessages ? `"messageId" IN (SELECT "messageId" FROM (${next.sql}) AS next) AND ${due}` : `(${keys}) IN (${next.sql})`;
    const rows = await run<ClaimedRow>(
      manager,
      `UPDATE part SET state = ${partState.claimed}, epoch = ? WHERE ${chosen}
       RETURNING ${partAddressColumns}, receiver, sender, text, coding, "messageClass", priority, "dueAtMs", "validUntilMs", commercial, attempts`,
      [epoch, ...next.values, ...(wholeMessages ? [connector, nowMs, nowMs] : [])],
    );
    return rows
      .map((row) => ({
        ...row,
        ...addressOf(row),
        priority: priorityOf(Number(row.priority)),
        dueAtMs: Number(row.dueAtMs),
        validUntilMs: Number(row.validUntilMs),
        attempts: Number(row.attempts),
        commercial: Number(row.commercial) === 1,
        connector,
        epoch,
      }))
      .sort((a, b) => rankOf(a.priority) - rankOf(b.priority) || a.dueAtMs - b.dueAtMs || a.messageId - b.messageId || a.part - b.part);
  }

  /** When the connector's next part that waits is due; undefined when none does. */
  async nextDueAtMs(manager: EntityManager, connector: string): Promise<number | undefined> {
    const first = ranks.map((rank) => `SELECT MIN("dueAtMs") AS "dueAtMs" FROM part WHERE state = ${partState.queued} AND connector = ? AND priority = ${rank}`);
    const sql = `SELECT MIN("dueAtMs") AS "dueAtMs" FROM (${first.join(' UNION ALL ')}) AS first`;
    const [row] = await run<{ dueAtMs: number | string | null }>(manager, sql, ranks.map(() => connector));
    return row?.dueAtMs === undefined || row.dueAtMs === null ? undefined : Number(row.dueAtMs);
  }
}
