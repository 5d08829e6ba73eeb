import { z } from 'zod';
import { defineTopic, ephemeral } from './define-topic.js';
import * as f from './fields.js';

/** Kind, and who is counted: an API user, an owner or operator, an address, a login. */
const counter = z.string().min(1).max(400);
export const countersPerMessageMax = 1_000;

/** What one gateway counted since it last told, for the others to add to theirs. */
const counted = z.object({
  kind: z.literal('counted'),
  instanceId: z.string().min(1).max(64),
  atMs: f.timeMs,
  /** Below zero: what turned out not to count. */
  counts: z.array(z.object({ counter, count: z.int() })).max(countersPerMessageMax),
  /** Logins with addresses from which their right password came. */
  trusted: z.array(counter).max(countersPerMessageMax),
});

const message = z.discriminatedUnion('kind', [counted]);
export type Counted = z.infer<typeof counted>;

export const counts = defineTopic({
  noun: 'counts',
  audience: 'work',
  kept: ephemeral,
  // Logins and addresses.
  personalData: true,
  keyOf: ({ instanceId }) => instanceId,
  description: 'What gateways count against limits in a minute, told among them several times a second.',
  schema: message,
});
