import { chargeOf, leftTo, returnsTo, type Charge, type CreditAccount } from './credit-account.js';
import { billingPolicyV1, isBilled, type BillingPolicy } from './billing-policy.js';
import type { SettleCharge, Tick, WithdrawMessages } from './credit-commands.js';
import type { CreditEvent, MessageId, MilliCredits } from './credit-events.js';
import { nothingChanges, type Decision, type DecisionContext } from './decision.js';
import { dueHourOf } from './due-hours.js';
import { crossedBySpending } from './thresholds.js';

export type SettleRefusal = 'message-unknown';

/**
 * Charges a message on its final state, by part: billed parts are captured, the rest is released (DESIGN §3.6). A real receipt after a silent
 * final corrects the charge once; anything else that comes again changes nothing. `message-unknown` for what was never held or settled long ago.
 */
export const decideSettle = (
  command: SettleCharge,
  account: CreditAccount,
  policy: BillingPolicy = billingPolicyV1,
  { alreadyApplied = false }: Pick<DecisionContext, 'alreadyApplied'> = {},
): Decision<SettleRefusal> => {
  const charge = chargeOf(account, command.messageId);
  if (!charge) {
    // A message refused or withdrawn before it was held has nothing to settle: dlr ends it all the same.
    if (account.refusedSubmissions.has(command.messageId) || account.withdrawnUnseen.has(command.messageId)) return nothingChanges;
    return refusedSettling(account, command.messageId, alreadyApplied);
  }
  const billed = billedMilliCredits(command, charge, policy);
  if (charge.heldMilliCredits > 0 || account.openCharges.has(charge.messageId)) return { events: settled(account, charge, billed, command.silent, policy) };
  if (charge.silent && !command.silent) return { events: corrected(account, charge, billed, policy) };
  return nothingChanges;
};

/**
 * Undoes messages whose sender was told of a failure: what is held is released, what was captured refunded. An id never seen is remembered,
 * so that a submission which comes later is refused.
 */
export const decideWithdraw = (
  { messageIds }: WithdrawMessages,
  account: CreditAccount,
  { alreadyApplied = false }: Pick<DecisionContext, 'alreadyApplied'> = {},
): Decision<never> => {
  const events: CreditEvent[] = [];
  const unseen: MessageId[] = [];
  for (const messageId of new Set(messageIds)) {
    const charge = chargeOf(account, messageId);
    if (charge) events.push(...undone(account, charge));
    // The log gives it again, and that it was seen is forgotten by now.
    else if (!alreadyApplied && !account.refusedSubmissions.has(messageId) && !account.withdrawnUnseen.has(messageId)) unseen.push(messageId);
  }
  if (unseen.length > 0) events.push({ type: 'MessagesWithdrawn', messageIds: unseen });
  return { events };
};

/** Ends the holds without any outcome long after their validity: they are released, and a real receipt still corrects that once. */
export const decideTick = ({ untilMs, limit }: Tick, account: CreditAccount): Decision<never> => {
  const events: CreditEvent[] = [];
  for (const messageId of dueCharges(account, untilMs, limit)) {
    const charge = account.openCharges.get(messageId);
    if (charge) events.push(released(account, charge, charge.heldMilliCredits, 'no-outcome', true));
  }
  return events.length === 0 ? nothingChanges : { events: [{ type: 'Ticked', untilMs }, ...events] };
};

/** Ids of open holds that are due, by whole hours: it looks at the hours that have passed alone. */
export function* dueCharges(account: CreditAccount, untilMs: number, limit: number): Generator<MessageId> {
  let given = 0;
  const passed = [...account.dueByHour.keys()].filter((hour) => hour < dueHourOf(untilMs)).sort((a, b) => a - b);
  for (const hour of passed)
    for (const messageId of account.dueByHour.get(hour) ?? []) {
      if (given === limit) return;
      given += 1;
      yield messageId;
    }
}

const billedMilliCredits = ({ parts, silent, submitted }: SettleCharge, charge: Charge, policy: BillingPolicy): MilliCredits => {
  // OVH.md §9: without a receipt, billed if the carrier had taken it.
  if (silent && !submitted) return 0;
  const billedParts = Math.min(charge.parts, parts.filter((part) => isBilled(policy, part)).length);
  return (charge.amountMilliCredits / charge.parts) * billedParts;
};

const settled = (account: CreditAccount, charge: Charge, billed: MilliCredits, silent: boolean, policy: BillingPolicy): CreditEvent[] => {
  const events: CreditEvent[] = [];
  const rest = charge.heldMilliCredits - billed;
  if (billed > 0 || rest === 0)
    events.push({ type: 'CreditsCaptured', messageId: charge.messageId, amountMilliCredits: billed, billingPolicyVersion: policy.version, silent });
  if (rest > 0) events.push(released(account, charge, rest, 'not-billed', silent));
  return events;
};

const corrected = (account: CreditAccount, charge: Charge, due: MilliCredits, policy: BillingPolicy): CreditEvent[] => {
  const { messageId, userId, capturedMilliCredits } = charge;
  const grantId = returnsTo(account, charge);
  if (due < capturedMilliCredits) {
    const amountMilliCredits = capturedMilliCredits - due;
    return [{ type: 'CreditsRefunded', messageId, amountMilliCredits, userId, grantId, reason: 'receipt-after-silence' }];
  }
  const left = grantId === null ? account.poolMilliCredits : leftTo(account, userId);
  const dueMilliCredits = due - capturedMilliCredits;
  const amountMilliCredits = Math.min(dueMilliCredits, left);
  const taken: CreditEvent = { type: 'CaptureCorrected', messageId, dueMilliCredits, amountMilliCredits, userId, grantId, billingPolicyVersion: policy.version };
  if (amountMilliCredits === 0) return [taken];
  return [taken, ...crossedBySpending(account, grantId === null ? null : userId, left - amountMilliCredits, charge.source)];
};

const undone = (account: CreditAccount, charge: Charge): CreditEvent[] => {
  const { messageId, userId, heldMilliCredits, capturedMilliCredits } = charge;
  const events: CreditEvent[] = [];
  if (account.openCharges.has(messageId)) events.push(released(account, charge, heldMilliCredits, 'withdrawn', false));
  if (capturedMilliCredits > 0)
    events.push({
      type: 'CreditsRefunded',
      messageId,
      amountMilliCredits: capturedMilliCredits,
      userId,
      grantId: returnsTo(account, charge),
      reason: 'withdrawn',
    });
  return events;
};

type ReleaseReason = Extract<CreditEvent, { type: 'CreditsReleased' }>['reason'];
const released = (account: CreditAccount, charge: Charge, amountMilliCredits: MilliCredits, reason: ReleaseReason, silent: boolean): CreditEvent => ({
  type: 'CreditsReleased',
  messageId: charge.messageId,
  amountMilliCredits,
  userId: charge.userId,
  grantId: returnsTo(account, charge),
  reason,
  silent,
});

/** Recorded once: not again when the log gives the command again. */
const refusedSettling = (account: CreditAccount, messageId: MessageId, isRecorded: boolean): Decision<SettleRefusal> => {
  const refusal = { code: 'message-unknown', leftMilliCredits: account.poolMilliCredits } as const;
  return { events: isRecorded ? [] : [{ type: 'CommandRefused', command: 'SettleCharge', messageIds: [messageId], ...refusal }], refusal };
};
