import { z } from 'zod';
import { defineTopic, keptForDays } from './define-topic.js';
import * as f from './fields.js';

/**
 * One medium of one crossing has come to its end, or of what else an account is told of. `joined`: told by another alert SMS to the same
 * number within ten minutes.
 */
const alertSettled = z.object({
  type: z.literal('AlertSettled'),
  account: f.account,
  userId: f.userIdOrAccount,
  /** What it tells of: the crossing's id, or for other kinds an id that is as unique. */
  crossingId: z.string().min(1).max(128),
  /** threshold: a crossing, also where it is left out · forecast: runs out soon · endpoint: a callback URL fails or is switched off · test: asked for. */
  kind: z.enum(['threshold', 'forecast', 'endpoint', 'test']).optional(),
  medium: z.enum(['mail', 'sms']),
  outcome: z.enum(['sent', 'failed', 'no-credit', 'joined']),
  atMs: f.timeMs,
});

const event = z.discriminatedUnion('type', [alertSettled]);
export type AlertSettled = z.infer<typeof alertSettled>;
export type AlertEvent = z.infer<typeof event>;

export const alerts = defineTopic({
  noun: 'alerts',
  audience: 'facts',
  kept: keptForDays(14),
  personalData: false,
  keyOf: ({ account }) => account,
  description: 'Which alerts went out, from alerts.',
  schema: event,
});
