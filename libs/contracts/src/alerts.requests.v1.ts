import { z } from 'zod';
import { defineRequest, done, refused } from './define-request.js';
import * as f from './fields.js';

const byAccount = ({ account }: { account: string }) => account;
const service = 'alerts';
const support = z.enum(['both', 'mail', 'sms']);
const recipient = z.object({ alertEmail: z.string().max(254), alertNumber: z.string().max(32), support });
export type AlertRecipient = z.infer<typeof recipient>;

export const setAlertRecipient = defineRequest({
  service,
  name: 'set-alert-recipient',
  description: 'Who is told, and how, when what a user (or the account: userId null) has left falls to its threshold.',
  keyOf: byAccount,
  request: z.object({ account: f.account, userId: f.userIdOrAccount, recipient }),
  reply: done({}),
});

export const findAlertRecipients = defineRequest({
  service,
  name: 'find-alert-recipients',
  description: 'Recipients of the account and of its users, where set.',
  keyOf: byAccount,
  request: z.object({ account: f.account }),
  reply: done({ recipients: z.array(recipient.extend({ userId: f.userIdOrAccount })) }),
});

const templates = z.object({
  customizedEmailMode: z.boolean(),
  customizedSmsMode: z.boolean(),
  emailFrom: z.string().max(254),
  emailSubject: z.string().max(200),
  emailBody: z.string().max(10_000),
  smsBody: z.string().max(70),
});
export type AlertTemplates = z.infer<typeof templates>;

export const setAlertTemplates = defineRequest({
  service,
  name: 'set-alert-templates',
  description: "The account's texts, with the variables |USER| |REMAINING| |ALERTTHRESHOLD| |CREDITSLEFT|.",
  keyOf: byAccount,
  request: z.object({ account: f.account, templates }),
  reply: done({}),
});

export const findAlertTemplates = defineRequest({
  service,
  name: 'find-alert-templates',
  description: "The account's texts, or the defaults.",
  keyOf: byAccount,
  request: z.object({ account: f.account }),
  reply: done({ templates }),
});

const testId = z.string().min(1).max(64);

export const testAlert = defineRequest({
  service,
  name: 'test-alert',
  description:
    'Sends a marked alert to the recipient of a user, or of the account (userId null), by the media that are set. It counts as no crossing; an SMS is paid as any. The id makes it happen once.',
  keyOf: byAccount,
  request: z.object({ account: f.account, userId: f.userIdOrAccount, testId }),
  reply: z.union([done({}), refused(['recipient-missing'])]),
});

export const findTestAlert = defineRequest({
  service,
  name: 'find-test-alert',
  description: 'What became of a test alert, by medium.',
  keyOf: byAccount,
  request: z.object({ account: f.account, testId }),
  reply: done({
    media: z.array(
      z.object({
        medium: z.enum(['mail', 'sms']),
        outcome: z.enum(['waiting', 'sent', 'failed', 'no-credit']),
        /** Why it did not go out: a code of the mail server, the network or the ledger; empty where it did. */
        reason: z.string().max(200),
      }),
    ),
  }),
});
