import { z } from 'zod';
import { failed, type OperatorApi } from '../operator-api.client.js';
import { done, facts, table, type Report } from '../report.js';

export type CallbackFilter = Readonly<{ account?: string; login?: string; from?: string; to?: string; state?: string }>;

const listView = z.object({
  paused: z.boolean(),
  counts: z.object({ waiting: z.number(), delivered: z.number(), superseded: z.number(), dead: z.number() }),
  callbacks: z.array(
    z.looseObject({
      messageId: z.number(),
      sequence: z.number(),
      account: z.string(),
      state: z.string(),
      ptt: z.number(),
      dlr: z.number(),
      atMs: z.number(),
      attempts: z.number(),
      lastStatus: z.number().nullable(),
      lastReason: z.string().nullable(),
    }),
  ),
});
const failingView = z.array(z.object({ origin: z.string(), account: z.string(), userId: z.string().nullable(), failingSinceMs: z.number(), lastFailureAtMs: z.number(), percent: z.number() }));
const replayView = z.object({ replayed: z.number(), superseded: z.number() });
const deliveryView = z.object({ format: z.string(), signed: z.boolean(), previousSecretUntil: z.string().nullable() });

const given = ({ account, login, from, to, state }: CallbackFilter): Record<string, string> =>
  Object.fromEntries(Object.entries({ account, login, from, to, state }).filter((entry): entry is [string, string] => entry[1] !== undefined));

const ownerPath = (account: string, login: string | undefined, ...rest: readonly string[]): string =>
  ['callbacks', 'accounts', account, ...(login === undefined ? [] : ['users', login]), ...rest].map((segment) => `/${encodeURIComponent(segment)}`).join('');

const timeText = (ms: number): string => new Date(ms).toISOString();

export const listCallbacks = async (api: OperatorApi, filter: CallbackFilter): Promise<Report> => {
  const answer = await api.get(`/callbacks?${new URLSearchParams(given(filter))}`, listView);
  if (answer.outcome !== 'done') return failed(answer);
  const { paused, counts, callbacks } = answer.body;
  const rows = callbacks.map((one) => [String(one.messageId), String(one.sequence), one.account, one.state, String(one.ptt), String(one.dlr), timeText(one.atMs), String(one.attempts), String(one.lastStatus ?? one.lastReason ?? '')]);
  const summary = Object.entries(counts).map(([state, count]) => `${count} ${state}`).join(', ');
  const list = rows.length === 0 ? [] : [table(['message', 'no', 'account', 'state', 'ptt', 'DLR', 'at', 'attempts', 'last'], rows)];
  return done(answer.body, [...list, summary, ...(paused ? ['callbacks are paused: kwota callbacks resume'] : [])].join('\n'));
};

export const listFailingEndpoints = async (api: OperatorApi): Promise<Report> => {
  const answer = await api.get('/callbacks/failing', failingView);
  if (answer.outcome !== 'done') return failed(answer);
  const rows = answer.body.map(({ origin, account, userId, failingSinceMs, lastFailureAtMs, percent }) => [origin, account, userId ?? '', timeText(failingSinceMs), timeText(lastFailureAtMs), `${percent} %`]);
  return done(answer.body, rows.length === 0 ? 'no endpoint fails' : table(['endpoint', 'account', 'user', 'since', 'last', 'of five days'], rows));
};

export const replayCallbacks = async (api: OperatorApi, filter: CallbackFilter, dryRun: boolean): Promise<Report> => {
  const answer = await api.post('/callbacks/replay', { ...given(filter), ...(dryRun && { dryRun }) }, replayView);
  if (answer.outcome !== 'done') return failed(answer);
  const { replayed, superseded } = answer.body;
  return done(answer.body, `${replayed} ${dryRun ? 'would be sent' : 'are sent'} again, ${superseded} are pointless by now`);
};

export const pauseCallbacks = async (api: OperatorApi, paused: boolean): Promise<Report> => {
  const answer = await api.post(`/callbacks/${paused ? 'pause' : 'resume'}`, undefined, z.null());
  const outcome = paused ? 'paused' : 'resumed';
  return answer.outcome === 'done' ? done({ outcome }, `callbacks are ${outcome}`) : failed(answer);
};

export const showDelivery = async (api: OperatorApi, account: string, login: string | undefined): Promise<Report> => {
  const answer = await api.get(ownerPath(account, login), deliveryView);
  if (answer.outcome !== 'done') return failed(answer);
  const { format, signed, previousSecretUntil } = answer.body;
  return done(answer.body, facts([['format', format === 'json' ? 'POST with JSON' : 'GET'], ['signed', signed ? 'yes' : 'no'], ['old secret until', previousSecretUntil ?? 'none']]));
};

export const setFormat = async (api: OperatorApi, account: string, login: string | undefined, format: string): Promise<Report> => {
  const answer = await api.put(ownerPath(account, login), { format });
  return answer.outcome === 'done' ? done({ format }, `callbacks go out as ${format}`) : failed(answer);
};

/** The secret is shown once: nobody can read it later. */
export const renewSecret = async (api: OperatorApi, account: string, login: string | undefined): Promise<Report> => {
  const answer = await api.post(ownerPath(account, login, 'secret'), undefined, z.object({ secret: z.string() }));
  return answer.outcome === 'done' ? done(answer.body, `the new secret, shown only now: ${answer.body.secret}`) : failed(answer);
};

export const dropSecret = async (api: OperatorApi, account: string, login: string | undefined): Promise<Report> => {
  const answer = await api.delete(ownerPath(account, login, 'secret'));
  return answer.outcome === 'done' ? done({ outcome: 'unsigned' }, 'callbacks are not signed any more') : failed(answer);
};
