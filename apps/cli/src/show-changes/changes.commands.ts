import { z } from 'zod';
import { below, failed, type OperatorApi } from '../operator-api.client.js';
import { done, table, type Report } from '../report.js';

const changes = z.array(
  z.looseObject({ id: z.string(), at: z.string(), by: z.string(), account: z.string().nullable(), action: z.string(), subjects: z.array(z.string()), fields: z.array(z.string()), outcome: z.string() }),
);

/** Who changed what: names of fields, never their values. */
export const showChanges = async (api: OperatorApi, account: string | undefined): Promise<Report> => {
  const answer = await api.get(`${below('changes')}${account === undefined ? '' : `?account=${encodeURIComponent(account)}`}`, changes);
  if (answer.outcome !== 'done') return failed(answer);
  const rows = answer.body.map(({ at, by, account: of, action, subjects, fields, outcome }) => [at, by, of ?? '-', action, subjects.join(' ') || '-', fields.join(' ') || '-', outcome]);
  return done(answer.body, rows.length === 0 ? 'no changes' : table(['at', 'by', 'account', 'action', 'of', 'fields', 'outcome'], rows));
};
