// Messages from phones whose parts come one by one. All SQL about them is here.
import { forRows, run } from '@kwota/service-kit/sql';
import { Injectable } from '@nestjs/common';
import { hash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import type { PartOfMessage } from '../receive-incoming/part-of-deliver-sm.js';

type Big = number | string;
/** By whom, to whom, under which reference, of how many parts: what the parts of a message have in common, whatever link they come by. */
export type JoinedKey = Readonly<{ phone: string; to: string; reference: string; of: number }>;
export type JoinedMessage = JoinedKey & Readonly<{ incomingId: string; connector: string; firstAtMs: number; isWhole: boolean }>;
export type ReceivedPart = Readonly<{ number: number; text: string }>;

type Row = Readonly<{ incomingId: string; phone: string; sentTo: string; reference: string; parts: Big; connector: string; firstAtMs: Big; wholeAtMs: Big | null }>;
const columns = '"incomingId", phone, "sentTo", reference, parts, connector, "firstAtMs", "wholeAtMs"';

export const keyOf = (phone: string, to: string, { reference, of }: PartOfMessage): JoinedKey => ({ phone, to, reference, of });

/** As JSON: a character may be cut between two parts, and half a one is no text that a database takes. */
const stored = (text: string): string => JSON.stringify(text);

@Injectable()
export class JoinedMessagesRepository {
  /** The newest first. */
  async find(manager: EntityManager, { phone, to, reference, of }: JoinedKey): Promise<JoinedMessage[]> {
    const sql = `SELECT ${columns} FROM incoming_joined WHERE phone = ? AND "sentTo" = ? AND reference = ? AND parts = ? ORDER BY "firstAtMs" DESC`;
    return (await run<Row>(manager, sql, [phone, to, reference, of])).map(joinedOf);
  }

  async begin(manager: EntityManager, { incomingId, phone, to, reference, of, connector, firstAtMs }: JoinedMessage): Promise<void> {
    await run(manager, `INSERT INTO incoming_joined (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, NULL)`, [incomingId, phone, to, reference, of, connector, firstAtMs]);
  }

  async addPart(manager: EntityManager, incomingId: string, { number, text }: ReceivedPart): Promise<void> {
    await run(manager, 'INSERT INTO incoming_part ("incomingId", part, text, digest) VALUES (?, ?, ?, ?)', [incomingId, number, stored(text), digestOf(text)]);
  }

  /** Which part of the message this one is like: the same text, or another under the same number. */
  async compare(manager: EntityManager, incomingId: string, { number, text }: ReceivedPart): Promise<'new' | 'same' | 'other'> {
    const [row] = await run<{ digest: string }>(manager, 'SELECT digest FROM incoming_part WHERE "incomingId" = ? AND part = ?', [incomingId, number]);
    if (!row) return 'new';
    return row.digest === digestOf(text) ? 'same' : 'other';
  }

  async texts(manager: EntityManager, incomingId: string): Promise<Map<number, string>> {
    const rows = await run<{ part: Big; text: string }>(manager, 'SELECT part, text FROM incoming_part WHERE "incomingId" = ? ORDER BY part', [incomingId]);
    return new Map(rows.map(({ part, text }) => [Number(part), JSON.parse(text) as string]));
  }

  /** It is on its way: its texts go, what tells a repeat stays for a while. */
  async end(manager: EntityManager, incomingId: string, wholeAtMs: number): Promise<void> {
    await run(manager, 'UPDATE incoming_joined SET "wholeAtMs" = ? WHERE "incomingId" = ?', [wholeAtMs, incomingId]);
    await run(manager, `UPDATE incoming_part SET text = '""' WHERE "incomingId" = ?`, [incomingId]);
  }

  async countWaiting(manager: EntityManager): Promise<number> {
    const [row] = await run<{ waiting: Big }>(manager, 'SELECT COUNT(*) AS waiting FROM incoming_joined WHERE "wholeAtMs" IS NULL');
    return Number(row?.waiting ?? 0);
  }

  /** Those that wait since `sinceMs` or longer, the oldest first. */
  async waitingSince(manager: EntityManager, sinceMs: number, rowsMax: number): Promise<JoinedMessage[]> {
    const sql = `SELECT ${columns} FROM incoming_joined WHERE "wholeAtMs" IS NULL AND "firstAtMs" <= ? ORDER BY "firstAtMs" LIMIT ?`;
    return (await run<Row>(manager, sql, [sinceMs, rowsMax])).map(joinedOf);
  }

  async hasEnded(manager: EntityManager, beforeMs: number): Promise<boolean> {
    const [row] = await run(manager, 'SELECT 1 AS "any" FROM incoming_joined WHERE "wholeAtMs" <= ? LIMIT 1', [beforeMs]);
    return row !== undefined;
  }

  async forget(manager: EntityManager, beforeMs: number): Promise<void> {
    const ended = await run<{ incomingId: string }>(manager, 'DELETE FROM incoming_joined WHERE "wholeAtMs" <= ? RETURNING "incomingId"', [beforeMs]);
    await forRows(
      manager,
      ended.map(({ incomingId }) => [incomingId]),
      (values) => `DELETE FROM incoming_part WHERE "incomingId" IN (SELECT v.column1 FROM (VALUES ${values}) AS v)`,
    );
  }
}

const digestOf = (text: string): string => hash('sha256', stored(text), 'hex');

const joinedOf = ({ incomingId, phone, sentTo, reference, parts, connector, firstAtMs, wholeAtMs }: Row): JoinedMessage => ({
  ...{ incomingId, phone, to: sentTo, reference, of: Number(parts), connector },
  ...{ firstAtMs: Number(firstAtMs), isWhole: wholeAtMs !== null },
});
