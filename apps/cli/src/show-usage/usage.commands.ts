import { z } from 'zod';
import { failed, pathOf, type OperatorApi } from '../operator-api.client.js';
import { done, table, type Report } from '../report.js';

const usage = z.array(
  z.looseObject({
    login: z.string().nullable(),
    userId: z.string().nullable(),
    messages: z.number(),
    parts: z.number(),
    delivered: z.number(),
    failed: z.number(),
    notBilled: z.number(),
    underWay: z.number(),
    credits: z.number(),
  }),
);

export type UsageOptions = Readonly<{ from?: string; to?: string; csv?: boolean }>;

/** Who sent how much, the one who spent most first; as CSV in the API's one form. */
export const showUsage = async (api: OperatorApi, account: string, { from, to, csv }: UsageOptions): Promise<Report> => {
  const query = new URLSearchParams({ ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }), format: csv ? 'csv' : 'json' }).toString();
  const path = `${pathOf(account, 'usage')}?${query}`;
  if (csv) {
    const answer = await api.get(path, z.string());
    return answer.outcome === 'done' ? done(answer.body, answer.body.trimEnd()) : failed(answer);
  }
  const answer = await api.get(path, usage);
  if (answer.outcome !== 'done') return failed(answer);
  const columns = ['user', 'messages', 'parts', 'delivered', 'failed', 'not billed', 'under way', 'credits'];
  const rows = answer.body.map((one) => [
    one.login ?? (one.userId === null ? '(the account)' : `(deleted) ${one.userId}`),
    ...[one.messages, one.parts, one.delivered, one.failed, one.notBilled, one.underWay, one.credits].map(String),
  ]);
  return done(answer.body, rows.length === 0 ? 'nothing was sent' : table(columns, rows));
};
