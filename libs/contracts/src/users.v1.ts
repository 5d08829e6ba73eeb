import { z } from 'zod';
import { compacted, defineTopic } from './define-topic.js';
import * as f from './fields.js';

/** Each carries the whole state of its subject; a tombstone under the same key ends it. No password, secret, address or number. */
const accountChanged = z.object({
  type: z.literal('AccountChanged'),
  account: f.account,
  description: z.string(),
  version: z.int().positive(),
});
const userChanged = z.object({
  type: z.literal('UserChanged'),
  account: f.account,
  userId: f.userId,
  login: z.string().min(1).max(40),
  ipRestrictions: z.array(z.string()).max(5),
  /** Grows with every change, the password's included: a cached check of an older version is void. */
  version: z.int().positive(),
  messagesPerMinute: z.int().positive().nullable().optional(),
});
const senderChanged = z.object({
  type: z.literal('SenderChanged'),
  account: f.account,
  sender: z.string().min(1).max(16),
  status: z.enum(['enable', 'disable', 'refused', 'waitingValidation']),
  version: z.int().positive(),
});

const event = z.discriminatedUnion('type', [accountChanged, userChanged, senderChanged]);
export type AccountChanged = z.infer<typeof accountChanged>;
export type UserChanged = z.infer<typeof userChanged>;
export type SenderChanged = z.infer<typeof senderChanged>;
export type UsersEvent = z.infer<typeof event>;

/** `account|subject`: compacted by the whole, partitioned by what stands before the bar. */
export const usersKeyOf = (message: UsersEvent): string => {
  switch (message.type) {
    case 'AccountChanged':
      return `${message.account}|account`;
    case 'UserChanged':
      return `${message.account}|user:${message.userId}`;
    case 'SenderChanged':
      return `${message.account}|sender:${message.sender}`;
  }
};

export const users = defineTopic({
  noun: 'users',
  audience: 'facts',
  kept: compacted,
  personalData: false,
  keyOf: usersKeyOf,
  description: 'The state of each account, API user and sender, from users.',
  schema: event,
});
