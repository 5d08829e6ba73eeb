// Requests to users about the senders of an account.
import { z } from 'zod';
import { defineRequest, done, refused } from './define-request.js';
import * as f from './fields.js';

const service = 'users';
const byAccount = ({ account }: { account: string }) => account;
const sender = z.string().min(1).max(16);
const status = z.enum(['enable', 'disable', 'refused', 'waitingValidation']);

export const proposeSender = defineRequest({
  service,
  name: 'propose-sender',
  description: 'A sender that an owner asks for: it waits until its code is given, or an operator enables it. Repeating it changes nothing.',
  keyOf: byAccount,
  request: z.object({ account: f.account, sender, description: z.string().max(200), reason: z.string().max(500) }),
  reply: z.union([done({ status }), refused(['account-unknown', 'sender-not-valid', 'too-many-senders'])]),
});

export const findSender = defineRequest({
  service,
  name: 'find-sender',
  description: 'One sender. Its code, while it waits, is for operators.',
  keyOf: byAccount,
  request: z.object({ account: f.account, sender }),
  reply: z.union([
    done({ sender, status, description: z.string(), reason: z.string(), comment: z.string().nullable(), code: z.string().nullable(), version: z.int() }),
    refused(['sender-unknown']),
  ]),
});

export const updateSender = defineRequest({
  service,
  name: 'update-sender',
  description: 'Changes a sender; what is left out stays. `by` owner: it may be switched off and on again, and no other way.',
  keyOf: byAccount,
  request: z.object({
    account: f.account,
    sender,
    description: z.string().max(200).optional(),
    status: status.optional(),
    comment: z.string().max(500).optional(),
    by: z.enum(['owner', 'operator']),
  }),
  reply: z.union([done({ status, version: z.int() }), refused(['sender-unknown', 'status-not-allowed'])]),
});

export const validateSender = defineRequest({
  service,
  name: 'validate-sender',
  description: 'Enables a waiting sender by its code; after five wrong ones it is refused.',
  keyOf: byAccount,
  request: z.object({ account: f.account, sender, code: z.string().max(20) }),
  reply: z.union([done({ status, version: z.int() }), refused(['sender-unknown', 'sender-not-waiting', 'code-wrong'])]),
});

export const deleteSender = defineRequest({
  service,
  name: 'delete-sender',
  description: 'Takes a sender away; messages under way keep it.',
  keyOf: byAccount,
  request: z.object({ account: f.account, sender }),
  reply: z.union([done({}), refused(['sender-unknown'])]),
});
