import { z } from 'zod';
import { defineTopic, keptForDays } from './define-topic.js';
import * as f from './fields.js';

/** One request to send: the price of all its messages is held, or all of it is refused. messageIds and receivers go in pairs. */
const send = z.object({
  kind: z.literal('send'),
  account: f.account,
  /** null: the account itself sends, from its pool alone. */
  userId: f.userIdOrAccount,
  messageIds: z.array(f.messageId).min(1).max(f.receiversMax),
  receivers: z.array(f.phoneNumber).min(1).max(f.receiversMax),
  sender: z.string().max(16),
  text: z.string().min(1).max(2_000),
  coding: f.coding,
  parts: f.parts,
  /** True for a message without advertising: it has no STOP clause. */
  noStop: z.boolean(),
  source: f.source,
  tag: z.string().max(20).optional(),
  /** GSM message class 0–3 (OVH.md 1.1, 3.1). */
  messageClass: z.int().min(0).max(3).optional(),
  /** What waits goes out in its order. */
  priority: f.priority.optional(),
  /** The client's Idempotency-Key with the SHA-256 of what it sent under it. */
  clientKey: z.string().max(128).optional(),
  bodyDigest: z.string().max(64).optional(),
  deferredUntilMs: f.timeMs.optional(),
  /** Counted from acceptance or from the deferred time; the ledger's default is 72 h. */
  validityMs: z.int().positive().optional(),
  /** For an alert's SMS: the crossing that it tells of. */
  crossingId: z.string().max(128).optional(),
  submittedAtMs: f.timeMs,
  /** Saves work only; no rule rests on it. */
  deadlineMs: f.timeMs,
});

/** Behind a submission whose asker gave up waiting, with the same ids and key: what it held is released or refunded. */
const withdraw = z.object({
  kind: z.literal('withdraw'),
  account: f.account,
  userId: f.userIdOrAccount,
  messageIds: z.array(f.messageId).min(1).max(f.receiversMax),
});

const submission = z.discriminatedUnion('kind', [send, withdraw]);
export type SendSubmission = z.infer<typeof send>;
export type WithdrawSubmission = z.infer<typeof withdraw>;
export type Submission = z.infer<typeof submission>;

export const submissions = defineTopic({
  noun: 'submissions',
  audience: 'work',
  kept: keptForDays(14),
  personalData: true,
  isAwaited: true,
  keyOf: ({ account }) => account,
  description: 'What is to be sent, from the gateway, alerts and dlr to the ledger.',
  schema: submission,
});

/** The ledger's answer to a submission, over `kwota.replies.v1`. */
export const sendRefusals = [
  'account-unknown',
  'account-closed',
  'account-frozen',
  'user-unknown',
  'user-closed',
  'key-conflict',
  'conflict',
  'withdrawn',
  'too-late',
  'too-old',
  'price-not-valid',
  'too-many-open-holds',
  'quota-too-low',
  'credit-too-low',
] as const;
export type SendRefusal = (typeof sendRefusals)[number];

const submissionReply = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('accepted'),
    /** The first ids, where a known client key repeats. */
    messageIds: z.array(f.messageId),
    takenMilliCredits: f.milliCreditsNotNegative,
    /** Of the quota where it is active, else of the pool. */
    leftMilliCredits: f.milliCreditsNotNegative,
  }),
  z.object({ outcome: z.literal('refused'), code: z.enum(sendRefusals), leftMilliCredits: f.milliCreditsNotNegative }),
  z.object({ outcome: z.literal('failed'), reason: z.string() }),
]);
export type SubmissionReply = z.infer<typeof submissionReply>;
export const submissionReplySchema = submissionReply;
export const submissionReplyType = 'kwota.replies.ledger.send.v1';
