import { z } from 'zod';
import { defineTopic, keptForDays } from './define-topic.js';
import * as f from './fields.js';

/** The account concerned, or `-` for what belongs to none (operators, owners). */
const subject = {
  account: f.account,
  changeId: z.string().min(1).max(64),
  /** `operator:<name>`, `credential:<id>` of a consumer key, `client:<id>` of OAuth2, `owner:<id>`. */
  by: z.string().min(1).max(128),
  atMs: f.timeMs,
};

/** Written before the change is tried: none goes without a trace. Names of fields, never their values. */
const changeAsked = z.object({
  type: z.literal('ChangeAsked'),
  ...subject,
  /** Method and route, e.g. `PUT /sms/{serviceName}/users/{login}`. */
  action: z.string().max(200),
  /** What the names in the route stand for: logins, senders, ids; no telephone numbers. */
  subjects: z.array(z.string().max(100)).max(5),
  fields: z.array(z.string().max(64)).max(50),
});
const changeEnded = z.object({ type: z.literal('ChangeEnded'), ...subject, outcome: z.enum(['done', 'refused', 'failed']), httpStatus: z.int() });

const event = z.discriminatedUnion('type', [changeAsked, changeEnded]);
export type ChangeAsked = z.infer<typeof changeAsked>;
export type ChangeEnded = z.infer<typeof changeEnded>;
export type ChangeEvent = z.infer<typeof event>;

export const changes = defineTopic({
  noun: 'changes',
  audience: 'facts',
  kept: keptForDays(14),
  personalData: false,
  keyOf: ({ account }) => account,
  description: 'Who changed what by HTTP, from the gateway.',
  schema: event,
});
