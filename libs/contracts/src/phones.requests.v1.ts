// What dlr is asked about messages from phones: they, the stop list that they make, and how they are answered.
import { z } from 'zod';
import { defineRequest, done, refused } from './define-request.js';
import * as f from './fields.js';

const byAccount = ({ account }: { account: string }) => account;
const service = 'dlr';
const url = z.string().max(2_048);

/** A message from a phone, as the account's owner sees it. */
const incomingView = z.object({
  id: z.int().positive(),
  userId: f.userIdOrAccount,
  /** The phone. */
  sender: z.string(),
  text: z.string(),
  /** Of the message that it answers. */
  tag: z.string(),
  receivedAtMs: f.timeMs,
});
export type IncomingView = z.infer<typeof incomingView>;

/** Which of them; what is left out does not matter. With a userId: the answers to its messages. */
const incomingFilter = z.object({
  account: f.account,
  userId: f.userId.optional(),
  sender: z.string().max(21).optional(),
  tag: z.string().max(20).optional(),
  fromMs: f.timeMs.optional(),
  toMs: f.timeMs.optional(),
});

export const findIncomingMessages = defineRequest({
  service,
  name: 'find-incoming-messages',
  description: 'Ids of messages from phones, newest last, at most 10,000. With a userId: the answers to its messages.',
  keyOf: byAccount,
  request: incomingFilter,
  reply: done({ ids: z.array(z.int().positive()) }),
});

export const exportIncomingMessages = defineRequest({
  service,
  name: 'export-incoming-messages',
  description: 'Messages from phones, oldest first, a page at a time: the next one begins after the last id of this one.',
  keyOf: byAccount,
  request: incomingFilter.extend({ afterId: z.int().nonnegative(), limit: z.int().min(1).max(1_000) }),
  reply: done({ messages: z.array(incomingView) }),
});

const oneIncoming = z.object({ account: f.account, userId: f.userId.optional(), id: z.int().positive() });

export const findIncomingMessage = defineRequest({
  service,
  name: 'find-incoming-message',
  description: 'One message from a phone.',
  keyOf: byAccount,
  request: oneIncoming,
  reply: z.union([done({ message: incomingView }), refused(['message-unknown'])]),
});

export const deleteIncomingMessage = defineRequest({
  service,
  name: 'delete-incoming-message',
  description: 'Deletes a message from a phone; a stop that it made stays.',
  keyOf: byAccount,
  request: oneIncoming,
  reply: z.union([done({}), refused(['message-unknown'])]),
});

export const findStops = defineRequest({
  service,
  name: 'find-stops',
  description: "The account's stop list; with a number: that one alone.",
  keyOf: byAccount,
  request: z.object({ account: f.account, number: f.phoneNumber.optional() }),
  reply: done({ stops: z.array(z.object({ number: f.phoneNumber, sinceMs: f.timeMs, messageId: f.messageId.nullable() })) }),
});

export const removeStop = defineRequest({
  service,
  name: 'remove-stop',
  description: 'Takes a number off the stop list: its owner wants messages again.',
  keyOf: byAccount,
  request: z.object({ account: f.account, number: f.phoneNumber }),
  reply: z.union([done({}), refused(['number-unknown'])]),
});

const responseType = z.enum(['none', 'text', 'cgi']);

export const setSmsResponse = defineRequest({
  service,
  name: 'set-sms-response',
  description: 'What is done with a message from a phone that is no STOP: nothing, a text back (charged to the pool), or a GET of cgiUrl. `dryRun` only validates.',
  keyOf: byAccount,
  request: z.object({ account: f.account, responseType, text: z.string().max(160).optional(), cgiUrl: url.optional(), dryRun: z.boolean().optional() }),
  reply: z.union([done({}), refused(['url-not-valid', 'address-not-allowed', 'text-missing'])]),
});

export const findSmsResponse = defineRequest({
  service,
  name: 'find-sms-response',
  description: 'What is done with a message from a phone.',
  keyOf: byAccount,
  request: z.object({ account: f.account }),
  reply: done({ responseType, text: z.string().nullable(), cgiUrl: url.nullable() }),
});
