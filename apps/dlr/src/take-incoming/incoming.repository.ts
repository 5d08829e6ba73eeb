// Messages from phones. All SQL about them is here.
import type { IncomingView } from '@kwota/contracts/phones.requests.v1';
import type { MessageFromPhone } from '@kwota/contracts/incoming.v1';
import { run } from '@kwota/service-kit/sql';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

type Big = number | string;
/** Whose message it answers. */
export type Answered = Readonly<{ account: string; userId: string | null; messageId: number }>;
export type IncomingFilter = Readonly<{
  account: string;
  userId?: string | undefined;
  sender?: string | undefined;
  tag?: string | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
}>;

type ViewRow = Readonly<{ id: Big; userId: string | null; phone: string; text: string; tag: string; receivedAtMs: Big }>;
const viewColumns = 'id, "userId", phone, text, tag, "receivedAtMs"';

/** OVH.md has no number; as the outgoing ones. */
const foundMax = 10_000;

@Injectable()
export class IncomingRepository {
  /** The newest message to the phone since then, one from the number that it wrote to before others. */
  async answered(manager: EntityManager, { phone, to }: Pick<MessageFromPhone, 'phone' | 'to'>, sinceMs: number): Promise<Answered | undefined> {
    const [row] = await run<{ messageId: Big; account: string; userId: string | null }>(
      manager,
      `SELECT "messageId", account, "userId" FROM message WHERE receiver = ? AND "acceptedAtMs" >= ?
       ORDER BY CASE WHEN sender = ? THEN 0 ELSE 1 END, "messageId" DESC LIMIT 1`,
      [phone, sinceMs, to],
    );
    return row && { ...row, messageId: Number(row.messageId) };
  }

  /** False: it is there already. */
  async add(manager: EntityManager, { incomingId, account, userId, messageId, phone, to, text, receivedAtMs }: MessageFromPhone): Promise<boolean> {
    const [of] = messageId === null ? [] : await run<{ tag: string }>(manager, 'SELECT tag FROM message WHERE "messageId" = ?', [messageId]);
    const added = await run(
      manager,
      `INSERT INTO incoming ("incomingId", account, "userId", "messageId", phone, "sentTo", text, tag, "receivedAtMs") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT ("incomingId") DO NOTHING RETURNING id`,
      [incomingId, account ?? '', userId, messageId, phone, to, text, of?.tag ?? '', receivedAtMs],
    );
    return added.length > 0;
  }

  async tagOf(manager: EntityManager, account: string, incomingId: string): Promise<string> {
    const [row] = await run<{ tag: string }>(manager, 'SELECT tag FROM incoming WHERE "incomingId" = ? AND account = ?', [incomingId, account]);
    return row?.tag ?? '';
  }

  async findIds(manager: EntityManager, filter: IncomingFilter): Promise<number[]> {
    const { sql, values } = where(filter);
    const rows = await run<{ id: Big }>(manager, `SELECT id FROM incoming WHERE ${sql} ORDER BY id DESC LIMIT ${foundMax}`, values);
    return rows.map(({ id }) => Number(id)).toReversed();
  }

  /** The next ones behind `afterId`, the oldest first. */
  async page(manager: EntityManager, filter: IncomingFilter, afterId: number, rowsMax: number): Promise<IncomingView[]> {
    const { sql, values } = where(filter);
    const rows = await run<ViewRow>(manager, `SELECT ${viewColumns} FROM incoming WHERE ${sql} AND id > ? ORDER BY id LIMIT ?`, [...values, afterId, rowsMax]);
    return rows.map(viewOf);
  }

  async find(manager: EntityManager, account: string, userId: string | undefined, id: number): Promise<IncomingView | undefined> {
    const [row] = await run<ViewRow>(manager, `SELECT ${viewColumns} FROM incoming WHERE id = ? AND account = ?`, [id, account]);
    if (!row || (userId !== undefined && row.userId !== userId)) return undefined;
    return viewOf(row);
  }

  async delete(manager: EntityManager, id: number): Promise<void> {
    await run(manager, 'DELETE FROM incoming WHERE id = ?', [id]);
  }

  /** What is older goes, as the history does; how many of at most `rowsMax`. */
  async forget(manager: EntityManager, beforeMs: number, rowsMax: number): Promise<number> {
    const sql = `DELETE FROM incoming WHERE id IN (SELECT id FROM incoming WHERE "receivedAtMs" < ? ORDER BY id LIMIT ${rowsMax}) RETURNING id`;
    return (await run(manager, sql, [beforeMs])).length;
  }
}

const where = ({ account, userId, sender, tag, fromMs, toMs }: IncomingFilter): { sql: string; values: (string | number)[] } => {
  const conditions: [string, string | number | undefined][] = [
    ['account = ?', account],
    ['"userId" = ?', userId],
    ['phone = ?', sender],
    ['tag = ?', tag],
    ['"receivedAtMs" >= ?', fromMs],
    ['"receivedAtMs" <= ?', toMs],
  ];
  const given = conditions.filter((one): one is [string, string | number] => one[1] !== undefined);
  return { sql: given.map(([condition]) => condition).join(' AND '), values: given.map(([, value]) => value) };
};

const viewOf = ({ id, userId, phone, text, tag, receivedAtMs }: ViewRow): IncomingView => ({ id: Number(id), userId, sender: phone, text, tag, receivedAtMs: Number(receivedAtMs) });
