import { z } from 'zod';
import { defineTopic, keptForDays } from './define-topic.js';
import * as f from './fields.js';

/** A message from a phone. From the carrier without an account; dlr finds whose message it answers, and puts it on the topic again for that account. */
const received = z.object({
  kind: z.literal('received'),
  /** The same however often it comes. */
  incomingId: z.string().min(1).max(64),
  account: f.account.nullable(),
  userId: f.userIdOrAccount,
  /** The message that it answers. */
  messageId: f.messageId.nullable(),
  phone: f.phoneNumber,
  /** The number or short code that it was sent to, as the SMSC names it. */
  to: z.string().max(21),
  text: z.string().max(2_000),
  /** Of a message in several parts: so many never came. `[…]` stands in the text where they would be. */
  partsMissing: z.int().positive().optional(),
  connector: z.string(),
  receivedAtMs: f.timeMs,
});

const message = z.discriminatedUnion('kind', [received]);
export type MessageFromPhone = z.infer<typeof received>;

export const incoming = defineTopic({
  noun: 'incoming',
  audience: 'work',
  kept: keptForDays(14),
  personalData: true,
  keyOf: ({ account, phone }) => account ?? phone,
  description: 'Messages from phones, from the carrier to dlr.',
  schema: message,
});
