import { z } from 'zod';
import { defineRequest, done, refused } from './define-request.js';
import * as f from './fields.js';

const byAccount = ({ account }: { account: string }) => account;
const service = 'dlr';
const url = z.string().max(2_048);

export const setCallbacks = defineRequest({
  service,
  name: 'set-callbacks',
  description: 'Callback URLs of a user, or of the account (userId null). What is left out stays; null takes it away. `dryRun` only validates.',
  keyOf: byAccount,
  request: z.object({
    account: f.account,
    userId: f.userIdOrAccount,
    callBack: url.nullable().optional(),
    stopCallBack: url.nullable().optional(),
    dryRun: z.boolean().optional(),
  }),
  reply: z.union([done({}), refused(['url-not-valid', 'address-not-allowed'], { field: z.enum(['callBack', 'stopCallBack']) })]),
});

export const findCallbacks = defineRequest({
  service,
  name: 'find-callbacks',
  description: 'Callback URLs of the account and of the users that have one.',
  keyOf: byAccount,
  request: z.object({ account: f.account }),
  reply: done({
    callbacks: z.array(z.object({ userId: f.userIdOrAccount, callBack: url.nullable(), stopCallBack: url.nullable() })),
  }),
});

/** A message as its sender sees it; times in milliseconds. */
const messageView = z.object({
  messageId: f.messageId,
  userId: f.userIdOrAccount,
  receiver: z.string(),
  sender: z.string(),
  text: z.string(),
  tag: z.string(),
  parts: f.parts,
  priority: f.priority.optional(),
  creditsMilli: f.milliCreditsNotNegative,
  ptt: f.ptt,
  dlr: f.dlr,
  final: z.boolean(),
  acceptedAtMs: f.timeMs,
  deferredUntilMs: f.timeMs.nullable(),
  submittedAtMs: f.timeMs.nullable(),
  deliveredAtMs: f.timeMs.nullable(),
});
export type MessageView = z.infer<typeof messageView>;

/** Which messages; what is left out does not matter. */
const messageFilter = z.object({
  account: f.account,
  /** Left out: the whole account. */
  userId: f.userIdOrAccount.optional(),
  receiver: z.string().optional(),
  sender: z.string().optional(),
  tag: z.string().optional(),
  ptt: z.int().optional(),
  dlr: z.int().optional(),
  /** Exactly this many minutes between acceptance and the wished time. */
  differedDelivery: z.int().optional(),
  fromMs: f.timeMs.optional(),
  toMs: f.timeMs.optional(),
});

export const findMessages = defineRequest({
  service,
  name: 'find-messages',
  description: 'Ids of messages, newest last, at most 10,000. `pending`: not yet handed to the SMSC (jobs), else handed over or ended (outgoing).',
  keyOf: byAccount,
  request: messageFilter.extend({ pending: z.boolean() }),
  reply: done({ messageIds: z.array(f.messageId) }),
});

export const exportMessages = defineRequest({
  service,
  name: 'export-messages',
  description: 'Messages handed over or ended, oldest first, a page at a time: the next one begins after the last id of this one.',
  keyOf: byAccount,
  request: messageFilter.extend({ afterMessageId: z.int().nonnegative(), limit: z.int().min(1).max(1_000) }),
  reply: done({ messages: z.array(messageView) }),
});

export const showUsage = defineRequest({
  service,
  name: 'show-usage',
  description: 'What was sent in a period, by user (null: the account itself), from acceptance on. Credits: of what DLR 16 does not give back.',
  keyOf: byAccount,
  request: z.object({ account: f.account, userId: f.userIdOrAccount.optional(), fromMs: f.timeMs, toMs: f.timeMs }),
  reply: done({
    usage: z.array(
      z.object({
        userId: f.userIdOrAccount,
        messages: z.int().nonnegative(),
        parts: z.int().nonnegative(),
        delivered: z.int().nonnegative(),
        failed: z.int().nonnegative(),
        notBilled: z.int().nonnegative(),
        underWay: z.int().nonnegative(),
        creditsMilli: f.milliCreditsNotNegative,
      }),
    ),
  }),
});

export const findMessage = defineRequest({
  service,
  name: 'find-message',
  description: 'One message. Unknown: not accepted, or accepted so lately that dlr has not read it yet.',
  keyOf: byAccount,
  request: z.object({ account: f.account, userId: f.userIdOrAccount.optional(), messageId: f.messageId }),
  reply: z.union([done({ message: messageView }), refused(['message-unknown'])]),
});

export const deleteMessage = defineRequest({
  service,
  name: 'delete-message',
  description: 'Takes an ended message out of the history; the ledger keeps what it cost.',
  keyOf: byAccount,
  request: z.object({ account: f.account, userId: f.userIdOrAccount.optional(), messageId: f.messageId }),
  reply: z.union([done({}), refused(['message-unknown', 'message-under-way'])]),
});

export const findCallbackAttempts = defineRequest({
  service,
  name: 'find-callback-attempts',
  description: "A message's callbacks with each attempt: status, reason, time. Never the URL's query.",
  keyOf: byAccount,
  request: z.object({ account: f.account, messageId: f.messageId }),
  reply: done({
    attempts: z.array(
      z.object({
        sequence: z.int(),
        attempt: z.int(),
        atMs: f.timeMs,
        status: z.int().nullable(),
        reason: z.string().nullable(),
        latencyMs: z.int().nonnegative().optional(),
        /** The IP address that was dialled, where it came so far. */
        address: z.string().optional(),
      }),
    ),
    callbacks: z.array(z.object({ sequence: z.int(), ptt: f.ptt, dlr: f.dlr, state: z.enum(['waiting', 'delivered', 'superseded', 'dead']) })),
  }),
});

const callbackFormat = z.enum(['get', 'json']);

export const setCallbackDelivery = defineRequest({
  service,
  name: 'set-callback-delivery',
  description:
    'How callbacks of a user, or of the account (userId null), are sent: GET with a query, or POST with JSON; signed where there is a secret. A new secret is sealed with `callback|account|userId` as associated data (an empty userId for the account); the one before signs beside it for a day. null: no signature.',
  keyOf: byAccount,
  request: z.object({ account: f.account, userId: f.userIdOrAccount, format: callbackFormat.optional(), sealedSecret: f.sealed.nullable().optional() }),
  reply: z.union([done({}), refused(['secret-not-valid'])]),
});

export const findCallbackDelivery = defineRequest({
  service,
  name: 'find-callback-delivery',
  description: 'How callbacks of the account and of its users are sent, where set. Never the secrets.',
  keyOf: byAccount,
  request: z.object({ account: f.account }),
  reply: done({
    deliveries: z.array(z.object({ userId: f.userIdOrAccount, format: callbackFormat, signed: z.boolean(), previousSecretUntilMs: f.timeMs.nullable() })),
  }),
});

const callbackState = z.enum(['waiting', 'delivered', 'superseded', 'dead']);
/** Which callbacks; what is left out does not matter. Times are those of the changes that they tell of. */
const callbackFilter = z.object({ account: f.account.optional(), userId: f.userIdOrAccount.optional(), fromMs: f.timeMs.optional(), toMs: f.timeMs.optional() });

export const findQueuedCallbacks = defineRequest({
  service,
  name: 'find-queued-callbacks',
  description: 'Callbacks by filter, newest first, at most 100, with how many there are by state.',
  keyOf: ({ account }) => account ?? 'callbacks',
  request: callbackFilter.extend({ state: callbackState.optional() }),
  reply: done({
    paused: z.boolean(),
    counts: z.object({ waiting: z.int(), delivered: z.int(), superseded: z.int(), dead: z.int() }),
    callbacks: z.array(
      z.object({
        messageId: f.messageId,
        sequence: z.int(),
        account: f.account,
        userId: f.userIdOrAccount,
        state: callbackState,
        ptt: f.ptt,
        dlr: f.dlr,
        atMs: f.timeMs,
        attempts: z.int(),
        lastStatus: z.int().nullable(),
        lastReason: z.string().nullable(),
      }),
    ),
  }),
});

export const replayCallbacks = defineRequest({
  service,
  name: 'replay-callbacks',
  description:
    "Sends dead callbacks again, with the whole schedule before them, to the URL that is set now. Of a message whose final is among them the final alone; none of a message that has told its endpoint of something later.",
  keyOf: ({ account }) => account ?? 'callbacks',
  request: callbackFilter.extend({ dryRun: z.boolean().optional() }),
  reply: done({ replayed: z.int(), superseded: z.int() }),
});

export const pauseCallbacks = defineRequest({
  service,
  name: 'pause-callbacks',
  description: 'All callbacks wait, or go on. After a restore they are paused.',
  keyOf: () => 'callbacks',
  request: z.object({ paused: z.boolean() }),
  reply: done({}),
});

export const findFailingEndpoints = defineRequest({
  service,
  name: 'find-failing-endpoints',
  description: 'Endpoints that have taken nothing since they began to fail. After five days they are switched off. Never the URL beyond its origin.',
  keyOf: () => 'callbacks',
  request: z.object({}),
  reply: done({
    endpoints: z.array(
      z.object({ origin: z.string(), account: f.account, userId: f.userIdOrAccount, failingSinceMs: f.timeMs, lastFailureAtMs: f.timeMs, percent: z.int() }),
    ),
  }),
});
