import { z } from 'zod';
import { compacted, defineTopic } from './define-topic.js';
import * as f from './fields.js';

/** HMAC-SHA-256 of account and number under a key of the installation (service-kit/stop-digest): whoever sends can ask for a number, nobody can list them. */
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** Whoever has this number wants no more messages of the account; a tombstone under the same key ends it. */
const numberStopped = z.object({ type: z.literal('NumberStopped'), account: f.account, digest, sinceMs: f.timeMs });

const event = z.discriminatedUnion('type', [numberStopped]);
export type NumberStopped = z.infer<typeof numberStopped>;

/** Compacted by the whole, partitioned by what stands before the bar. */
export const stopsKeyOf = ({ account, digest: of }: Pick<NumberStopped, 'account' | 'digest'>): string => `${account}|${of}`;

export const stops = defineTopic({
  noun: 'stops',
  audience: 'facts',
  kept: compacted,
  personalData: false,
  keyOf: stopsKeyOf,
  description: "Each account's stop list, without the numbers, from dlr.",
  schema: event,
});
