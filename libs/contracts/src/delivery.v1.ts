import { z } from 'zod';
import { defineTopic, keptForDays } from './define-topic.js';
import * as f from './fields.js';

/** A message's state moved. Sequences count from 1 without a gap; after a final nothing comes, but for one real receipt after a silent final. */
const messageStateChanged = z.object({
  type: z.literal('MessageStateChanged'),
  account: f.account,
  userId: f.userIdOrAccount,
  messageId: f.messageId,
  sequence: z.int().positive(),
  ptt: f.ptt,
  dlr: f.dlr,
  final: z.boolean(),
  /** True: no receipt came within the validity, and dlr made the final itself. */
  silent: z.boolean(),
  /** True: the carrier had handed the message to the SMSC. */
  submitted: z.boolean(),
  /** Each part's own state, for the ledger to bill by part. */
  parts: z.array(z.object({ ptt: f.ptt, dlr: f.dlr })).min(1).max(6),
  atMs: f.timeMs,
});

/** A callback URL of the account, or of a user of it, has taken nothing for so much of the five days after which it is switched off. */
const callbackEndpointFailing = z.object({
  type: z.literal('CallbackEndpointFailing'),
  account: f.account,
  userId: f.userIdOrAccount,
  percent: z.union([z.literal(50), z.literal(70), z.literal(90)]),
  failingSinceMs: f.timeMs,
  atMs: f.timeMs,
});

/** A callback URL is taken away: it answered 410, or nothing was taken for five days. */
const callbackSwitchedOff = z.object({
  type: z.literal('CallbackSwitchedOff'),
  account: f.account,
  userId: f.userIdOrAccount,
  reason: z.enum(['gone', 'failing']),
  atMs: f.timeMs,
});

const event = z.discriminatedUnion('type', [messageStateChanged, callbackEndpointFailing, callbackSwitchedOff]);
export type MessageStateChanged = z.infer<typeof messageStateChanged>;
export type CallbackEndpointFailing = z.infer<typeof callbackEndpointFailing>;
export type CallbackSwitchedOff = z.infer<typeof callbackSwitchedOff>;
export type DeliveryEvent = z.infer<typeof event>;

export const delivery = defineTopic({
  noun: 'delivery',
  audience: 'facts',
  kept: keptForDays(14),
  personalData: false,
  keyOf: ({ account }) => account,
  description: "Every change of a message's state, and callback URLs that fail, from dlr.",
  schema: event,
});
