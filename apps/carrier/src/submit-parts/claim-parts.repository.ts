// Whose turn it is: the order in which what waits for a connector is taken (ADR 17).
import { run } from '@kwota/service-kit/sql';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { keyOfPart, partAddressColumns, partState, setState, type ClaimedPart, type Stored } from '../parts.repository.js';
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

type WaitingRow = Stored<Omit<ClaimedPart, 'commercial' | 'priority' | 'connector' | 'epoch'>> & Readonly<{ commercial: number | string; priority: number | string }>;

const oldestFirst = '"dueAtMs", "messageId", part';
const ranks = priorities.map((_, rank) => rank);
const columns = `${partAddressColumns}, receiver, sender, text, coding, "messageClass", priority, "dueAtMs", "validUntilMs", commercial, attempts`;
const due = `state = ${partState.queued} AND connector = ? AND "dueAtMs" <= ? AND "validUntilMs" > ?`;

/** The oldest due parts of one priority: the index has them in that order. Values: connector, until when due, now, rank, how many. */
export const oldestOfRank = `SELECT ${columns} FROM part WHERE ${due} AND priority = ? ORDER BY ${oldestFirst} LIMIT ?`;

const byAge = (a: ClaimedPart, b: ClaimedPart): number => a.dueAtMs - b.dueAtMs || a.messageId - b.messageId || a.part - b.part;
const byPriority = (a: ClaimedPart, b: ClaimedPart): number => rankOf(a.priority) - rankOf(b.priority) || byAge(a, b);

@Injectable()
export class ClaimPartsRepository {
  /** The connector's next due parts, marked as this epoch's before anything is sent. Transactions take turns: nobody claims between the look and the mark. */
  async claim(manager: EntityManager, claim: Claim): Promise<ClaimedPart[]> {
    const next = await this.next(manager, claim);
    const claimed = claim.wholeMessages ? await this.allOf(manager, next, claim) : next;
    await setState(manager, claimed, `state = ${partState.claimed}, epoch = ${claim.epoch}`);
    return claimed.sort(byPriority);
  }

  /** First those that waited long, as many as may, then by priority, the oldest first. */
  private async next(manager: EntityManager, claim: Claim): Promise<ClaimedPart[]> {
    const { connector, nowMs, partsMax, agedMax } = claim;
    const oldestOf = (rank: number, dueBeforeMs: number, rowsMax: number) => this.read(manager, claim, oldestOfRank, [connector, dueBeforeMs, nowMs, rank, rowsMax]);
    const aged: ClaimedPart[] = [];
    if (agedMax > 0) for (const rank of ranks.slice(1)) aged.push(...(await oldestOf(rank, nowMs - agedAfterMs, agedMax)));
    const first = aged.sort(byAge).slice(0, agedMax);
    const isFirst = new Set(first.map(keyOfPart));
    const others: ClaimedPart[] = [];
    for (const rank of ranks) if (others.length < partsMax) others.push(...(await oldestOf(rank, nowMs, partsMax - others.length)));
    return [...first, ...others.filter((part) => !isFirst.has(keyOfPart(part)))].slice(0, partsMax);
  }

  /** With the other parts of their messages. */
  private async allOf(manager: EntityManager, parts: readonly ClaimedPart[], claim: Claim): Promise<ClaimedPart[]> {
    if (parts.length === 0) return [];
    const messageIds = [...new Set(parts.map(({ messageId }) => messageId))];
    const sql = `SELECT ${columns} FROM part WHERE ${due} AND "messageId" IN (${messageIds.map(() => '?').join(', ')})`;
    return this.read(manager, claim, sql, [claim.connector, claim.nowMs, claim.nowMs, ...messageIds]);
  }

  private async read(manager: EntityManager, { connector, epoch }: Claim, sql: string, values: readonly (string | number)[]): Promise<ClaimedPart[]> {
    const rows = await run<WaitingRow>(manager, sql, values);
    return rows.map((row) => ({
      messageId: Number(row.messageId),
      part: Number(row.part),
      parts: Number(row.parts),
      account: row.account,
      receiver: row.receiver,
      sender: row.sender,
      text: row.text,
      coding: row.coding,
      messageClass: row.messageClass,
      priority: priorityOf(Number(row.priority)),
      dueAtMs: Number(row.dueAtMs),
      validUntilMs: Number(row.validUntilMs),
      commercial: Number(row.commercial) === 1,
      attempts: Number(row.attempts),
      connector,
      epoch,
    }));
  }

  /** When the connector's next part that waits is due; undefined when none does. */
  async nextDueAtMs(manager: EntityManager, connector: string): Promise<number | undefined> {
    const first = ranks.map((rank) => `SELECT MIN("dueAtMs") AS "dueAtMs" FROM part WHERE state = ${partState.queued} AND connector = ? AND priority = ${rank}`);
    const sql = `SELECT MIN("dueAtMs") AS "dueAtMs" FROM (${first.join(' UNION ALL ')}) AS first`;
    const [row] = await run<{ dueAtMs: number | string | null }>(manager, sql, ranks.map(() => connector));
    return row?.dueAtMs === undefined || row.dueAtMs === null ? undefined : Number(row.dueAtMs);
  }
}
