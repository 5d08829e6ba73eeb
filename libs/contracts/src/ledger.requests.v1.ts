import { z } from 'zod';
import { defineRequest, done, refused } from './define-request.js';
import * as f from './fields.js';

const byAccount = ({ account }: { account: string }) => account;
const service = 'ledger';
/** As of the account's last event, whose times alone make it; null: it is not foreseen to run out. Ledgers before it leave it out. */
const pace = { burnMilliCreditsPerHour: f.milliCreditsNotNegative.optional(), runsOutAtMs: f.timeMs.nullable().optional() };
const left = { leftMilliCredits: f.milliCreditsNotNegative.optional() };

export const openAccount = defineRequest({
  service,
  name: 'open-account',
  description: "Opens an account's credit with nothing on it. Repeating it changes nothing.",
  keyOf: byAccount,
  request: z.object({ account: f.account }),
  reply: done({}),
});

export const purchaseCredits = defineRequest({
  service,
  name: 'purchase-credits',
  description: 'Puts credits into the pool; the reference makes it happen once, another amount under it is a conflict.',
  keyOf: byAccount,
  request: z.object({ account: f.account, reference: z.string().min(1).max(128), amountMilliCredits: z.int().positive() }),
  reply: z.union([
    done({ poolMilliCredits: f.milliCreditsNotNegative }),
    refused(['account-unknown', 'account-closed', 'amount-not-valid', 'conflict'], left),
  ]),
});

export const adjustCredits = defineRequest({
  service,
  name: 'adjust-credits',
  description: 'Corrects the pool up or down, with a reason code and who did it (an id, never a name).',
  keyOf: byAccount,
  request: z.object({
    account: f.account,
    reference: z.string().min(1).max(128),
    amountMilliCredits: f.milliCredits,
    reasonCode: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
    by: z.string().min(1).max(64),
  }),
  reply: z.union([
    done({ poolMilliCredits: f.milliCreditsNotNegative }),
    refused(['account-unknown', 'account-closed', 'amount-not-valid', 'conflict', 'credit-too-low'], left),
  ]),
});

export const openUser = defineRequest({
  service,
  name: 'open-user',
  description: 'Lets a userId spend from the pool. Repeating it changes nothing.',
  keyOf: byAccount,
  request: z.object({ account: f.account, userId: f.userId }),
  reply: z.union([done({}), refused(['account-unknown', 'account-closed', 'user-closed', 'too-many-users'])]),
});

export const closeUser = defineRequest({
  service,
  name: 'close-user',
  description: 'Ends a userId: its quota returns to the pool, later submissions are refused. Repeating it changes nothing.',
  keyOf: byAccount,
  request: z.object({ account: f.account, userId: f.userId }),
  reply: z.union([done({ returnedMilliCredits: f.milliCreditsNotNegative }), refused(['account-unknown', 'user-unknown'])]),
});

export const setQuota = defineRequest({
  service,
  name: 'set-quota',
  description: 'Sets what a user has left, or switches its quota off. `dryRun` changes nothing: it says whether it would be refused, and what would be left.',
  keyOf: byAccount,
  request: z.object({
    account: f.account,
    userId: f.userId,
    active: z.boolean(),
    leftMilliCredits: f.milliCreditsNotNegative,
    dryRun: z.boolean().optional(),
  }),
  reply: z.union([
    done({
      /** What the pool and the user have left after the change, or would have; absent from a ledger of the version before. */
      poolMilliCredits: f.milliCreditsNotNegative.optional(),
      leftMilliCredits: f.milliCreditsNotNegative.optional(),
    }),
    refused(['account-unknown', 'account-closed', 'user-unknown', 'user-closed', 'amount-not-valid', 'quota-above-pool'], {
      /** The largest that the pool can give: what it has plus what the quota still holds. */
      largestMilliCredits: f.milliCreditsNotNegative.optional(),
    }),
  ]),
});

export const setThreshold = defineRequest({
  service,
  name: 'set-threshold',
  description: 'The amount left at which a crossing is recorded, for a user or the account (userId null); null switches it off.',
  keyOf: byAccount,
  request: z.object({
    account: f.account,
    userId: f.userIdOrAccount,
    levelMilliCredits: f.milliCreditsNotNegative.nullable(),
    dryRun: z.boolean().optional(),
  }),
  reply: z.union([done({}), refused(['account-unknown', 'account-closed', 'user-unknown', 'user-closed', 'amount-not-valid'])]),
});

export const setRecreditThreshold = defineRequest({
  service,
  name: 'set-recredit-threshold',
  description: 'The amount left in the pool at which RecreditThresholdReached is recorded, for whoever tops the account up; null switches it off.',
  keyOf: byAccount,
  request: z.object({ account: f.account, levelMilliCredits: f.milliCreditsNotNegative.nullable() }),
  reply: z.union([done({}), refused(['account-unknown', 'account-closed', 'amount-not-valid'])]),
});

export const showAccount = defineRequest({
  service,
  name: 'show-account',
  description: "An account's credit as it stands durably.",
  keyOf: byAccount,
  request: z.object({ account: f.account }),
  reply: z.union([
    done({
      poolMilliCredits: f.milliCreditsNotNegative,
      heldByQuotaMilliCredits: f.milliCreditsNotNegative,
      heldByMessagesMilliCredits: f.milliCreditsNotNegative,
      consumedMilliCredits: f.milliCreditsNotNegative,
      usersWithQuota: z.int().nonnegative(),
      openHolds: z.int().nonnegative(),
      accountSequence: z.int(),
      thresholdMilliCredits: f.milliCreditsNotNegative.nullable(),
      /** Where the account is to be topped up; absent from a ledger of the version before. */
      recreditThresholdMilliCredits: f.milliCreditsNotNegative.nullable().optional(),
      ...pace,
    }),
    refused(['account-unknown']),
  ]),
});

export const showUsers = defineRequest({
  service,
  name: 'show-users',
  description: 'Quota and threshold of all open users of an account, or of those named.',
  keyOf: byAccount,
  request: z.object({ account: f.account, userIds: z.array(f.userId).optional() }),
  reply: z.union([
    done({
      users: z.array(
        z.object({
          userId: f.userId,
          quotaActive: z.boolean(),
          leftMilliCredits: f.milliCreditsNotNegative,
          thresholdMilliCredits: f.milliCreditsNotNegative.nullable(),
          ...pace,
        }),
      ),
    }),
    refused(['account-unknown']),
  ]),
});

export const transferCredits = defineRequest({
  service,
  name: 'transfer-credits',
  description: "Moves credits from one account's pool to another's; if the other refuses, they come back under the same transfer id.",
  keyOf: byAccount,
  request: z.object({ account: f.account, toAccount: f.account, transferId: z.string().min(1).max(128), amountMilliCredits: z.int().positive() }),
  reply: z.union([
    done({ poolMilliCredits: f.milliCreditsNotNegative }),
    refused(['account-unknown', 'account-closed', 'account-frozen', 'amount-not-valid', 'conflict', 'credit-too-low'], left),
  ]),
});

export const receiveTransfer = defineRequest({
  service,
  name: 'receive-transfer',
  description: "The second step of a transfer, which the sending account's ledger asks of the receiving one's: the transfer id makes it happen once.",
  keyOf: byAccount,
  request: z.object({ account: f.account, fromAccount: f.account, transferId: z.string().min(1).max(128), amountMilliCredits: z.int().positive() }),
  reply: z.union([
    done({ poolMilliCredits: f.milliCreditsNotNegative }),
    refused(['account-unknown', 'account-closed', 'amount-not-valid', 'conflict'], left),
  ]),
});

export const readEvents = defineRequest({
  service,
  name: 'read-events',
  description: "An account's events from a sequence on, as published on kwota.credit.v1: for consumers that come after the topic's retention.",
  keyOf: byAccount,
  request: z.object({ account: f.account, fromSequence: z.int().nonnegative(), limit: z.int().min(1).max(1_000) }),
  reply: z.union([done({ events: z.array(z.record(z.string(), z.unknown())), accountSequence: z.int() }), refused(['account-unknown'])]),
});

export const showRate = defineRequest({
  service,
  name: 'show-rate',
  description: 'What one part to a country or network costs, by the digits that its numbers begin with.',
  keyOf: ({ prefix }) => prefix,
  request: z.object({ prefix: z.string().regex(/^\d{1,15}$/) }),
  reply: done({ milliCreditsPerPart: f.milliCreditsNotNegative, rateVersion: z.int() }),
});
