import { z } from 'zod';
import { failed, type OperatorApi } from '../operator-api.client.js';
import { done, table, type Report } from '../report.js';

const letters = z.array(
  z.object({ id: z.string(), topic: z.string(), account: z.string(), type: z.string(), group: z.string(), stage: z.string(), reason: z.string(), at: z.string() }),
);

const pathOf = (id: string): string => `/dead-letters/${encodeURIComponent(id)}`;

/** Messages that no service could handle: where from and why, never what is in them. */
export const listDeadLetters = async (api: OperatorApi): Promise<Report> => {
  const answer = await api.get('/dead-letters', letters);
  if (answer.outcome !== 'done') return failed(answer);
  if (answer.body.length === 0) return done([], 'no dead letters');
  const rows = answer.body.map(({ id, at, account, group, stage, reason }) => [id, at, account, group, stage, reason]);
  return done(answer.body, table(['id', 'at', 'account', 'group', 'stage', 'reason'], rows));
};

/** Puts a message on its topic again: after the cause is mended. */
export const replayDeadLetter = async (api: OperatorApi, id: string): Promise<Report> => {
  const answer = await api.post(`${pathOf(id)}/replay`, undefined, z.null());
  return answer.outcome === 'done' ? done({ id, outcome: 'replayed' }, `${id} is on its topic again`) : failed(answer);
};

/** Gives a message up. */
export const dropDeadLetter = async (api: OperatorApi, id: string): Promise<Report> => {
  const answer = await api.delete(pathOf(id));
  return answer.outcome === 'done' ? done({ id, outcome: 'dropped' }, `${id} is dropped`) : failed(answer);
};
