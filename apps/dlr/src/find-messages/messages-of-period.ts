import type { exportMessages, findMessages, MessageView, showUsage } from '@kwota/contracts/dlr.requests.v1';
import { run } from '@kwota/service-kit/sql';
import type { EntityManager } from 'typeorm';
import { viewColumns, viewOf, type ViewRow } from '../messages.repository.js';
import type { ReplyOf, RequestOf } from '../requests.js';
import { ofFilter, ofPeriod, where, type Condition } from './message-filter.js';

/** OVH.md has no number; the panel reads them page by page. */
const foundMax = 10_000;
const isSent: Condition = ['(final = 1 OR submitted = 1)'];
const isPending: Condition = ['final = 0 AND submitted = 0'];

/** Ids, newest last: the newest 10,000 of them. */
export const idsOfMessages = async (manager: EntityManager, { pending, ...filter }: RequestOf<typeof findMessages>): Promise<number[]> => {
  const { sql, values } = where([...ofFilter(filter), pending ? isPending : isSent]);
  const rows = await run<{ messageId: number | string }>(manager, `SELECT "messageId" FROM message WHERE ${sql} ORDER BY "messageId" DESC LIMIT ${foundMax}`, values);
  return rows.map(({ messageId }) => Number(messageId)).reverse();
};

/** Messages handed over or ended, oldest first: what a document of them is made from, page by page. */
export const pageOfMessages = async (manager: EntityManager, { afterMessageId, limit, ...filter }: RequestOf<typeof exportMessages>): Promise<MessageView[]> => {
  const { sql, values } = where([...ofFilter(filter), isSent, ['"messageId" > ?', afterMessageId]]);
  const rows = await run<ViewRow>(manager, `SELECT ${viewColumns} FROM message WHERE ${sql} ORDER BY "messageId" LIMIT ${limit}`, values);
  return rows.map(viewOf);
};

type Usage = ReplyOf<typeof showUsage> extends infer Reply ? Extract<Reply, { usage: unknown }>['usage'] : never;
type UsageRow = Readonly<Record<string, number | string | null>>;

/** Counted whether or not a message was taken out of the history since. */
export const usageByUser = async (manager: EntityManager, period: RequestOf<typeof showUsage>): Promise<Usage> => {
  const { sql, values } = where(ofPeriod(period));
  const rows = await run<UsageRow>(
    manager,
    `SELECT "userId", COUNT(*) AS messages, SUM(parts) AS parts, SUM(CASE WHEN dlr = 1 THEN 1 ELSE 0 END) AS delivered,
      SUM(CASE WHEN dlr = 2 THEN 1 ELSE 0 END) AS failed, SUM(CASE WHEN dlr = 16 THEN 1 ELSE 0 END) AS "notBilled",
      SUM(CASE WHEN dlr IN (1, 2, 16) THEN 0 ELSE 1 END) AS "underWay", SUM(CASE WHEN dlr = 16 THEN 0 ELSE "creditsMilli" END) AS "creditsMilli"
      FROM message WHERE ${sql} GROUP BY "userId" ORDER BY "userId"`,
    values,
  );
  const count = (row: UsageRow, name: string): number => Number(row[name] ?? 0);
  return rows.map((row) => ({
    userId: row['userId'] === null ? null : String(row['userId']),
    messages: count(row, 'messages'),
    parts: count(row, 'parts'),
    delivered: count(row, 'delivered'),
    failed: count(row, 'failed'),
    notBilled: count(row, 'notBilled'),
    underWay: count(row, 'underWay'),
    creditsMilli: count(row, 'creditsMilli'),
  }));
};
