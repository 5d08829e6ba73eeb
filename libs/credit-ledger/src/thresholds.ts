// OVH.md §9, "alert threshold": fires once when spending makes what is left less than or equal to the level; armed again by a purchase, an
// incoming transfer, a quota change or a threshold change alone. What is left is the quota where active, else the pool.
import { leftTo, type CreditAccount, type Threshold } from './credit-account.js';
import type { CreditEvent, MilliCredits, ThresholdCrossed, UserId } from './credit-events.js';

type Watcher = readonly [UserId | null, Threshold];

/** Everyone whose level counts the pool: the account itself and the users without a quota. */
function* poolWatchers(account: CreditAccount): Generator<Watcher> {
  if (account.threshold) yield [null, account.threshold];
  for (const [userId, { grant, threshold }] of account.users) if (!grant && threshold) yield [userId, threshold];
}

const poolAlarmOf = (account: CreditAccount): MilliCredits => {
  const { recreditThreshold } = account;
  let highest = recreditThreshold?.armed ? recreditThreshold.levelMilliCredits : -1;
  for (const [, { armed, levelMilliCredits }] of poolWatchers(account)) if (armed && levelMilliCredits > highest) highest = levelMilliCredits;
  // Derived from the state, hence no event: the next debit need not count again.
  account.poolAlarmMilliCredits = highest;
  return highest;
};

/** The crossings of a debit, to be written in the same decision; `numbered` counts those that the decision has made already. */
export const crossedBySpending = (
  account: CreditAccount,
  from: UserId | null,
  leftMilliCredits: MilliCredits,
  causedBy: ThresholdCrossed['causedBy'],
): readonly CreditEvent[] => {
  const grantOwner = from === null ? undefined : account.users.get(from);
  if (grantOwner?.grant) {
    const { threshold } = grantOwner;
    if (!threshold?.armed || leftMilliCredits > threshold.levelMilliCredits) return [];
    return [crossing(account, 0, from, threshold, leftMilliCredits, causedBy)];
  }
  if (leftMilliCredits > (account.poolAlarmMilliCredits ?? poolAlarmOf(account))) return [];
  const crossings: CreditEvent[] = [];
  for (const [userId, threshold] of poolWatchers(account))
    if (threshold.armed && leftMilliCredits <= threshold.levelMilliCredits)
      crossings.push(crossing(account, crossings.length, userId, threshold, leftMilliCredits, causedBy));
  const { recreditThreshold } = account;
  if (recreditThreshold?.armed && leftMilliCredits <= recreditThreshold.levelMilliCredits) crossings.push(recreditReached(account, recreditThreshold, leftMilliCredits));
  return crossings;
};

/** Those that count the pool and are armed again, since it was lifted above their level. `except` counts its own quota from now on. */
export const rearmedByPool = (account: CreditAccount, poolAfter: MilliCredits, except?: UserId): readonly CreditEvent[] => {
  if (poolAfter <= account.poolMilliCredits) return [];
  const rearmed: CreditEvent[] = [];
  for (const [userId, threshold] of poolWatchers(account))
    if (userId !== except || userId === null) rearmed.push(...rearmedAbove(userId, threshold, poolAfter));
  const { recreditThreshold } = account;
  if (recreditThreshold && !recreditThreshold.armed && poolAfter > recreditThreshold.levelMilliCredits)
    rearmed.push({ type: 'RecreditThresholdRearmed', levelMilliCredits: recreditThreshold.levelMilliCredits });
  return rearmed;
};

/** After a user's own quota change, `leftMilliCredits` being what it has left from now on. */
export const rearmedByQuota = (account: CreditAccount, userId: UserId, leftMilliCredits: MilliCredits): readonly CreditEvent[] => {
  const threshold = account.users.get(userId)?.threshold;
  return threshold ? rearmedAbove(userId, threshold, leftMilliCredits) : [];
};

/** A level set; at or above what is left it fires at once; the same level again changes nothing. */
export const thresholdSet = (account: CreditAccount, userId: UserId | null, levelMilliCredits: MilliCredits | null): readonly CreditEvent[] => {
  const now = userId === null ? account.threshold : account.users.get(userId)?.threshold;
  if ((now?.levelMilliCredits ?? null) === levelMilliCredits) return [];
  const set: CreditEvent = { type: 'ThresholdSet', userId, levelMilliCredits };
  const left = leftTo(account, userId);
  if (levelMilliCredits === null || left > levelMilliCredits) return [set];
  return [set, crossing(account, 0, userId, { levelMilliCredits }, left, 'threshold-set')];
};

/** The level at which the account is to be topped up, by the rules of an alert threshold over the pool. */
export const recreditThresholdSet = (account: CreditAccount, levelMilliCredits: MilliCredits | null): readonly CreditEvent[] => {
  if ((account.recreditThreshold?.levelMilliCredits ?? null) === levelMilliCredits) return [];
  const set: CreditEvent = { type: 'RecreditThresholdSet', levelMilliCredits };
  if (levelMilliCredits === null || account.poolMilliCredits > levelMilliCredits) return [set];
  return [set, recreditReached(account, { levelMilliCredits }, account.poolMilliCredits)];
};

const recreditReached = (account: CreditAccount, { levelMilliCredits }: Pick<Threshold, 'levelMilliCredits'>, leftMilliCredits: MilliCredits): CreditEvent => ({
  type: 'RecreditThresholdReached',
  reachedId: `${account.account}.r${account.recreditsReached + 1}`,
  levelMilliCredits,
  leftMilliCredits,
});

const rearmedAbove = (userId: UserId | null, { armed, levelMilliCredits }: Threshold, leftMilliCredits: MilliCredits): readonly CreditEvent[] =>
  !armed && leftMilliCredits > levelMilliCredits ? [{ type: 'ThresholdRearmed', userId, levelMilliCredits }] : [];

const crossing = (
  account: CreditAccount,
  already: number,
  userId: UserId | null,
  { levelMilliCredits }: Pick<Threshold, 'levelMilliCredits'>,
  leftMilliCredits: MilliCredits,
  causedBy: ThresholdCrossed['causedBy'],
): ThresholdCrossed => ({
  type: 'ThresholdCrossed',
  crossingId: `${account.account}.${account.crossings + already + 1}`,
  userId,
  levelMilliCredits,
  leftMilliCredits,
  causedBy,
});
