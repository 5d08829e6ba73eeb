import { addBurn, burnedBy, noBurn } from './burn-rate.js';
import {
  assertInvariant,
  chargeOf,
  incomingTransfer,
  newCreditAccount,
  type AccountUser,
  type Charge,
  type CreditAccount,
} from './credit-account.js';
import { digestOfEvent } from './command-digest.js';
import { dueHourOf } from './due-hours.js';
import { openSubmission, refuse, remember } from './remember.js';
import type { CreditEvent, CreditsHeld, EventContext, GrantId, MilliCredits, UserId } from './credit-events.js';

/**
 * Folds one event into the account, in place, and returns it: O(1), also with a million open holds. Throws BrokenInvariant, or a TypeError for an
 * event of a later version: neither is a refusal, the process must not go on.
 */
export const evolve = (account: CreditAccount, event: CreditEvent, context: EventContext): CreditAccount => {
  apply(account, event, context);
  burn(account, event, context.timeMs);
  account.revision += 1;
  account.timeMs = context.timeMs;
  if (context.source) account.positions.set(context.source.topic, context.source);
  const digest = digestOfEvent(event);
  if (digest !== undefined) account.commands.set(context.commandId, { digest, refusal: undefined });
  assertInvariant(account);
  return account;
};

/** Folds a stream from its first event, as the ledger does at start and an auditor does offline. */
export const replay = (name: string, events: Iterable<readonly [CreditEvent, EventContext]>): CreditAccount => {
  const account = newCreditAccount(name);
  for (const [event, context] of events) evolve(account, event, context);
  return account;
};

const apply = (account: CreditAccount, event: CreditEvent, context: EventContext): void => {
  switch (event.type) {
    case 'CreditsHeld':
      return hold(account, event, context);
    case 'CreditsCaptured': {
      const charge = knownCharge(account, event.messageId);
      charge.heldMilliCredits -= event.amountMilliCredits;
      charge.capturedMilliCredits += event.amountMilliCredits;
      account.heldMilliCredits -= event.amountMilliCredits;
      account.consumedMilliCredits += event.amountMilliCredits;
      charge.silent = event.silent;
      return settleWhenEmpty(account, charge);
    }
    case 'CreditsReleased': {
      const charge = knownCharge(account, event.messageId);
      charge.heldMilliCredits -= event.amountMilliCredits;
      account.heldMilliCredits -= event.amountMilliCredits;
      giveBack(account, event.userId, event.grantId, event.amountMilliCredits);
      charge.silent = event.silent;
      if (event.reason === 'withdrawn') withdraw(charge);
      return settleWhenEmpty(account, charge);
    }
    case 'CreditsRefunded': {
      const charge = knownCharge(account, event.messageId);
      charge.capturedMilliCredits -= event.amountMilliCredits;
      account.consumedMilliCredits -= event.amountMilliCredits;
      giveBack(account, event.userId, event.grantId, event.amountMilliCredits);
      charge.silent = false;
      if (event.reason === 'withdrawn') withdraw(charge);
      return;
    }
    case 'CaptureCorrected': {
      const charge = knownCharge(account, event.messageId);
      charge.capturedMilliCredits += event.amountMilliCredits;
      account.consumedMilliCredits += event.amountMilliCredits;
      giveBack(account, event.userId, event.grantId, -event.amountMilliCredits);
      charge.silent = false;
      return;
    }
    case 'CreditsPurchased':
      account.poolMilliCredits += event.amountMilliCredits;
      account.purchasedMilliCredits += event.amountMilliCredits;
      account.references.set(event.reference, event.amountMilliCredits);
      return;
    case 'CreditsAdjusted':
      account.poolMilliCredits += event.amountMilliCredits;
      account.adjustedMilliCredits += event.amountMilliCredits;
      account.references.set(event.reference, event.amountMilliCredits);
      return;
    case 'CreditsTransferredOut':
      account.poolMilliCredits -= event.amountMilliCredits;
      account.transferredOutMilliCredits += event.amountMilliCredits;
      account.transfersOut.set(event.transferId, { otherAccount: event.toAccount, amountMilliCredits: event.amountMilliCredits, returned: false });
      return;
    case 'CreditsTransferredIn':
      account.poolMilliCredits += event.amountMilliCredits;
      account.transferredInMilliCredits += event.amountMilliCredits;
      account.transfersIn.set(incomingTransfer(event), { otherAccount: event.fromAccount, amountMilliCredits: event.amountMilliCredits, returned: false });
      return;
    case 'CreditsTransferReturned': {
      const transfer = account.transfersOut.get(event.transferId);
      if (!transfer) throw new TypeError(`${account.account}: transfer ${event.transferId} comes back but never went out`);
      transfer.returned = true;
      account.poolMilliCredits += event.amountMilliCredits;
      account.transferredOutMilliCredits -= event.amountMilliCredits;
      return;
    }
    case 'UserOpened':
      account.users.set(event.userId, { grant: undefined, threshold: undefined, burn: noBurn() });
      return;
    case 'UserClosed':
      endGrant(account, openUser(account, event.userId), event.returnedMilliCredits);
      account.users.delete(event.userId);
      account.closedUsers.add(event.userId);
      return;
    case 'QuotaAllocated':
      openUser(account, event.userId).grant = { grantId: event.grantId, leftMilliCredits: event.amountMilliCredits };
      account.poolMilliCredits -= event.amountMilliCredits;
      account.quotasMilliCredits += event.amountMilliCredits;
      account.usersWithQuota += 1;
      account.grantsMade += 1;
      account.poolAlarmMilliCredits = undefined;
      return;
    case 'QuotaChanged': {
      const { grant } = openUser(account, event.userId);
      if (!grant) throw new TypeError(`${account.account}: ${event.userId} has no quota to change`);
      const byMilliCredits = event.toMilliCredits - event.fromMilliCredits;
      grant.leftMilliCredits += byMilliCredits;
      account.quotasMilliCredits += byMilliCredits;
      account.poolMilliCredits -= byMilliCredits;
      return;
    }
    case 'QuotaReturned':
      endGrant(account, openUser(account, event.userId), event.amountMilliCredits);
      return;
    case 'ThresholdSet': {
      const threshold = event.levelMilliCredits === null ? undefined : { levelMilliCredits: event.levelMilliCredits, armed: true };
      if (event.userId === null) account.threshold = threshold;
      else openUser(account, event.userId).threshold = threshold;
      account.poolAlarmMilliCredits = undefined;
      return;
    }
    case 'ThresholdCrossed':
      account.crossings += 1;
      return arm(account, event.userId, false);
    case 'ThresholdRearmed':
      return arm(account, event.userId, true);
    case 'RecreditThresholdSet':
      account.recreditThreshold = event.levelMilliCredits === null ? undefined : { levelMilliCredits: event.levelMilliCredits, armed: true };
      account.poolAlarmMilliCredits = undefined;
      return;
    case 'RecreditThresholdReached':
      account.recreditsReached += 1;
      return armRecredit(account, false);
    case 'RecreditThresholdRearmed':
      return armRecredit(account, true);
    case 'MessagesWithdrawn':
      for (const messageId of event.messageIds) remember(account, account.withdrawnUnseen, messageId, true);
      return;
    case 'CommandRefused':
      return refuse(account, event, context);
    case 'AccountOpened':
    case 'AccountThawed':
      account.status = 'open';
      return;
    case 'AccountFrozen':
      account.status = 'frozen';
      return;
    case 'AccountClosed':
      account.status = 'closed';
      return;
    case 'Ticked':
      return;
    default:
      throw new TypeError(`${account.account}: this version does not know the event ${(event as { type: string }).type}`);
  }
};

const burn = (account: CreditAccount, event: CreditEvent, timeMs: number): void => {
  const burned = burnedBy(event);
  if (!burned) return;
  addBurn(account.burn, burned.amountMilliCredits, timeMs);
  const user = burned.userId === null ? undefined : account.users.get(burned.userId);
  if (user) addBurn(user.burn, burned.amountMilliCredits, timeMs);
};

const hold = (account: CreditAccount, event: CreditsHeld, { timeMs }: EventContext): void => {
  const { messageId, userId, grantId, parts, amountMilliCredits, source, settleByMs } = event;
  giveBack(account, userId, grantId, -amountMilliCredits);
  account.heldMilliCredits += amountMilliCredits;
  const submission = messageId === event.submissionId ? openSubmission(account, event, timeMs) : knownCharge(account, event.submissionId).submission;
  submission.messageIds.push(messageId);
  submission.takenMilliCredits += amountMilliCredits;
  submission.leftMilliCredits = event.leftMilliCredits;
  account.openCharges.set(messageId, {
    messageId,
    userId,
    grantId,
    parts,
    amountMilliCredits,
    source,
    settleByMs,
    submission,
    heldMilliCredits: amountMilliCredits,
    capturedMilliCredits: 0,
    silent: false,
  });
  const hour = dueHourOf(settleByMs);
  const due = account.dueByHour.get(hour);
  if (due) due.add(messageId);
  else account.dueByHour.set(hour, new Set([messageId]));
};

/** Puts an amount, which may be negative, into the grant named or the pool. */
const giveBack = (account: CreditAccount, userId: UserId | null, grantId: GrantId | null, amountMilliCredits: MilliCredits): void => {
  if (grantId === null || userId === null) {
    account.poolMilliCredits += amountMilliCredits;
    return;
  }
  const { grant } = openUser(account, userId);
  if (grant?.grantId !== grantId) throw new TypeError(`${account.account}: the grant ${grantId} has ended`);
  grant.leftMilliCredits += amountMilliCredits;
  account.quotasMilliCredits += amountMilliCredits;
};

const endGrant = (account: CreditAccount, user: AccountUser, returnedMilliCredits: MilliCredits): void => {
  account.poolAlarmMilliCredits = undefined;
  if (!user.grant) return;
  user.grant = undefined;
  account.usersWithQuota -= 1;
  account.quotasMilliCredits -= returnedMilliCredits;
  account.poolMilliCredits += returnedMilliCredits;
};

const settleWhenEmpty = (account: CreditAccount, charge: Charge): void => {
  if (charge.heldMilliCredits > 0 || !account.openCharges.delete(charge.messageId)) return;
  remember(account, charge.silent ? account.silentCharges : account.settledCharges, charge.messageId, charge);
  const hour = dueHourOf(charge.settleByMs);
  const due = account.dueByHour.get(hour);
  due?.delete(charge.messageId);
  if (due?.size === 0) account.dueByHour.delete(hour);
};

/** A withdrawn submission answers no client key any more: its sender was told of a failure and may send again. */
const withdraw = (charge: Charge): void => {
  charge.submission.withdrawn = true;
};

const arm = (account: CreditAccount, userId: UserId | null, armed: boolean): void => {
  const threshold = userId === null ? account.threshold : openUser(account, userId).threshold;
  if (threshold) threshold.armed = armed;
  account.poolAlarmMilliCredits = undefined;
};

const armRecredit = (account: CreditAccount, armed: boolean): void => {
  if (account.recreditThreshold) account.recreditThreshold.armed = armed;
  account.poolAlarmMilliCredits = undefined;
};

const knownCharge = (account: CreditAccount, messageId: number): Charge => {
  const charge = chargeOf(account, messageId);
  if (!charge) throw new TypeError(`${account.account}: message ${messageId} was never held`);
  return charge;
};

const openUser = (account: CreditAccount, userId: UserId): AccountUser => {
  const user = account.users.get(userId);
  if (!user) throw new TypeError(`${account.account}: ${userId} was never opened`);
  return user;
};
