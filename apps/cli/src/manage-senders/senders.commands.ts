import { z } from 'zod';
import { failed, pathOf, type OperatorApi } from '../operator-api.client.js';
import { done, facts, misused, table, type Report } from '../report.js';

const sender = z.looseObject({ sender: z.string(), status: z.string(), description: z.string() });
const shown = sender.extend({ reason: z.string(), comment: z.string().nullable(), code: z.string().nullable() });

export type SenderChange = Readonly<{ status?: string; description?: string; comment?: string }>;

export const listSenders = async (api: OperatorApi, account: string): Promise<Report> => {
  const answer = await api.get(pathOf(account, 'senders'), z.array(sender));
  if (answer.outcome !== 'done') return failed(answer);
  const rows = answer.body.map(({ sender: name, status, description }) => [name, status, description]);
  return done(answer.body, rows.length === 0 ? 'no senders' : table(['sender', 'state', 'description'], rows));
};

/** With the code that enables one that waits. */
export const showSender = async (api: OperatorApi, account: string, name: string): Promise<Report> => {
  const answer = await api.get(pathOf(account, 'senders', name), shown);
  if (answer.outcome !== 'done') return failed(answer);
  const { status, description, reason, comment, code } = answer.body;
  return done(
    answer.body,
    facts([
      ['sender', name],
      ['state', status],
      ['description', description || '-'],
      ['reason given', reason || '-'],
      ['comment', comment ?? '-'],
      ['code', code ?? 'none'],
    ]),
  );
};

/** Usable at once: an operator's word needs no validation. */
export const declareSender = async (api: OperatorApi, account: string, name: string, description: string | undefined): Promise<Report> => {
  const answer = await api.post(pathOf(account, 'senders'), { sender: name, ...(description === undefined ? {} : { description }) }, z.null());
  return answer.outcome === 'done' ? done({ sender: name }, `${name} declared`) : failed(answer);
};

export const setSender = async (api: OperatorApi, account: string, name: string, change: SenderChange): Promise<Report> => {
  if (Object.keys(change).length === 0) return misused('nothing to set: see kwota sender set --help');
  const answer = await api.put(pathOf(account, 'senders', name), change);
  return answer.outcome === 'done' ? done({ sender: name }, `${name} changed`) : failed(answer);
};

export const deleteSender = async (api: OperatorApi, account: string, name: string): Promise<Report> => {
  const answer = await api.delete(pathOf(account, 'senders', name));
  return answer.outcome === 'done' ? done({ sender: name }, `${name} taken away`) : failed(answer);
};
