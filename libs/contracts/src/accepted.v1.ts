import { z } from 'zod';
import { defineTopic, keptForDays } from './define-topic.js';
import * as f from './fields.js';

/** Messages whose price is held: the carrier sends them, dlr follows them. */
const acceptedSubmission = z.object({
  kind: z.literal('accepted'),
  account: f.account,
  userId: f.userIdOrAccount,
  messages: z
    .array(z.object({ messageId: f.messageId, receiver: f.phoneNumber, priceMilliCredits: f.milliCreditsNotNegative }))
    .min(1)
    .max(f.receiversMax),
  sender: z.string().max(16),
  text: z.string().min(1).max(2_000),
  coding: f.coding,
  parts: f.parts,
  noStop: z.boolean(),
  source: f.source,
  tag: z.string().max(20).optional(),
  messageClass: z.int().min(0).max(3).optional(),
  /** What waits goes out in its order. */
  priority: f.priority.optional(),
  crossingId: z.string().max(128).optional(),
  /** The ledger's time of the hold. */
  acceptedAtMs: f.timeMs,
  deferredUntilMs: f.timeMs.optional(),
  /** Absolute: after it the carrier submits no more, and dlr makes the final for silence. */
  validUntilMs: f.timeMs,
});

/** Whoever asked was told of a failure: the carrier drops what it has not submitted, dlr ends the messages with DLR 16. */
const withdrawn = z.object({
  kind: z.literal('withdrawn'),
  account: f.account,
  userId: f.userIdOrAccount,
  messageIds: z.array(f.messageId).min(1).max(f.receiversMax),
  withdrawnAtMs: f.timeMs,
});

const message = z.discriminatedUnion('kind', [acceptedSubmission, withdrawn]);
export type AcceptedSubmission = z.infer<typeof acceptedSubmission>;
export type WithdrawnSubmission = z.infer<typeof withdrawn>;
export type Accepted = z.infer<typeof message>;

export const accepted = defineTopic({
  noun: 'accepted',
  audience: 'work',
  kept: keptForDays(14),
  personalData: true,
  keyOf: ({ account }) => account,
  description: 'Messages that the ledger holds credit for, to the carrier and dlr.',
  schema: message,
});
