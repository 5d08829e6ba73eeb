import { z } from 'zod';
import { defineTopic, keptForDays } from './define-topic.js';
import * as f from './fields.js';

/** Around every event: accountSequence counts from 0 without a gap within an account, by it consumers know repeats and losses. */
const envelope = { account: f.account, accountSequence: z.int().nonnegative(), time: z.iso.datetime() };
const amount = { amountMilliCredits: f.milliCreditsNotNegative };
const grantId = z.string().max(128);
const grantIdOrPool = grantId.nullable();
const spender = { userId: f.userIdOrAccount, grantId: grantIdOrPool };
const reference = z.string().min(1).max(128);

const fact = <const Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) => z.object({ type: z.literal(type), ...envelope, ...shape });

const event = z.discriminatedUnion('type', [
  fact('AccountOpened', {}),
  fact('AccountFrozen', {}),
  fact('AccountThawed', {}),
  fact('AccountClosed', {}),
  fact('CreditsPurchased', { reference, ...amount }),
  fact('CreditsAdjusted', { reference, reasonCode: z.string().max(40), by: z.string().max(64), amountMilliCredits: f.milliCredits }),
  fact('CreditsTransferredOut', { transferId: reference, toAccount: f.account, ...amount }),
  fact('CreditsTransferredIn', { transferId: reference, fromAccount: f.account, ...amount }),
  fact('CreditsTransferReturned', { transferId: reference, ...amount }),
  fact('UserOpened', { userId: f.userId }),
  fact('UserClosed', { userId: f.userId, returnedMilliCredits: f.milliCreditsNotNegative }),
  fact('QuotaAllocated', { userId: f.userId, grantId, ...amount }),
  fact('QuotaChanged', { userId: f.userId, grantId, fromMilliCredits: f.milliCreditsNotNegative, toMilliCredits: f.milliCreditsNotNegative }),
  fact('QuotaReturned', { userId: f.userId, grantId, ...amount }),
  fact('CreditsHeld', {
    messageId: f.messageId,
    submissionId: f.messageId,
    ...spender,
    parts: f.parts,
    destination: z.string().max(15),
    rateVersion: z.int().positive(),
    ...amount,
    leftMilliCredits: f.milliCreditsNotNegative,
    source: f.source,
    settleByMs: f.timeMs,
  }),
  fact('CreditsCaptured', { messageId: f.messageId, ...amount, billingPolicyVersion: z.int().positive(), silent: z.boolean() }),
  fact('CreditsReleased', {
    messageId: f.messageId,
    ...amount,
    ...spender,
    reason: z.enum(['not-billed', 'withdrawn', 'no-outcome']),
    silent: z.boolean(),
  }),
  fact('CreditsRefunded', { messageId: f.messageId, ...amount, ...spender, reason: z.enum(['withdrawn', 'receipt-after-silence']) }),
  fact('CaptureCorrected', {
    messageId: f.messageId,
    dueMilliCredits: f.milliCreditsNotNegative,
    ...amount,
    ...spender,
    billingPolicyVersion: z.int().positive(),
  }),
  fact('MessagesWithdrawn', { messageIds: z.array(f.messageId) }),
  fact('CommandRefused', {
    command: z.string().max(64),
    code: z.string().max(64),
    leftMilliCredits: f.milliCreditsNotNegative,
    messageIds: z.array(f.messageId).optional(),
    userId: f.userIdOrAccount.optional(),
    transferId: reference.optional(),
    fromAccount: f.account.optional(),
    largestMilliCredits: f.milliCreditsNotNegative.optional(),
    amountMilliCredits: f.milliCredits.optional(),
  }),
  fact('ThresholdSet', { userId: f.userIdOrAccount, levelMilliCredits: f.milliCreditsNotNegative.nullable() }),
  fact('ThresholdCrossed', {
    crossingId: z.string().min(1).max(128),
    userId: f.userIdOrAccount,
    levelMilliCredits: f.milliCreditsNotNegative,
    leftMilliCredits: f.milliCreditsNotNegative,
    causedBy: z.enum(['http2sms', 'rest', 'alert', 'answer', 'threshold-set']),
  }),
  fact('ThresholdRearmed', { userId: f.userIdOrAccount, levelMilliCredits: f.milliCreditsNotNegative }),
  fact('RecreditThresholdSet', { levelMilliCredits: f.milliCreditsNotNegative.nullable() }),
  fact('RecreditThresholdReached', {
    reachedId: z.string().max(128),
    levelMilliCredits: f.milliCreditsNotNegative,
    leftMilliCredits: f.milliCreditsNotNegative,
  }),
  fact('RecreditThresholdRearmed', { levelMilliCredits: f.milliCreditsNotNegative }),
  fact('Ticked', { untilMs: f.timeMs }),
]);
export type CreditFact = z.infer<typeof event>;

export const credit = defineTopic({
  noun: 'credit',
  audience: 'facts',
  kept: keptForDays(14),
  personalData: false,
  keyOf: ({ account }) => account,
  description: "Every event of the credit ledger, from ledger: the account's stream as it lies in the event store, without its hash chain.",
  schema: event,
});

export type ThresholdCrossed = Extract<CreditFact, { type: 'ThresholdCrossed' }>;
