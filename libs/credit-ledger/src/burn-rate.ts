// How fast credit goes, and until when it lasts at that pace: from the times of events alone, so that whoever folds them finds the same.
import type { CreditEvent, MilliCredits, UserId } from './credit-events.js';

/** A day: what was sent yesterday at this hour counts half of what is sent now. */
export const burnHalfLifeMs = 24 * 60 * 60 * 1_000;
const hourMs = 60 * 60 * 1_000;
/** Spending at an even pace has this pace as its rate: the weights of all time add up to the half-life over ln 2. */
const weightHours = burnHalfLifeMs / hourMs / Math.LN2;
/** Whoever spends so little that it lasts for ten years does not run out. */
const foreseenMs = 10 * 365 * 24 * hourMs;

/** Milli-credits per hour, not money: no balance is made of it. */
export type Burn = { milliCreditsPerHour: number; atMs: number };
export const noBurn = (): Burn => ({ milliCreditsPerHour: 0, atMs: 0 });

/** What an event takes from credit, whose it is; given back it is negative. Purchases, transfers and quotas are no consumption. */
export const burnedBy = (event: CreditEvent): Readonly<{ userId: UserId | null; amountMilliCredits: MilliCredits }> | undefined => {
  switch (event.type) {
    case 'CreditsHeld':
    case 'CaptureCorrected':
      return event;
    case 'CreditsReleased':
    case 'CreditsRefunded':
      return { userId: event.userId, amountMilliCredits: -event.amountMilliCredits };
    default:
      return undefined;
  }
};

/** In place, O(1). An amount given back later than it was taken weighs more than it did: never below zero. */
export const addBurn = (burn: Burn, amountMilliCredits: MilliCredits, timeMs: number): void => {
  burn.milliCreditsPerHour = Math.max(0, burnAt(burn, timeMs) + amountMilliCredits / weightHours);
  burn.atMs = Math.max(burn.atMs, timeMs);
};

/** The pace as it is seen at a time, when nothing was spent in between. */
export const burnAt = ({ milliCreditsPerHour, atMs }: Burn, timeMs: number): number =>
  milliCreditsPerHour === 0 ? 0 : milliCreditsPerHour * 2 ** -(Math.max(0, timeMs - atMs) / burnHalfLifeMs);

/** When what is left is gone at the pace of that time; null where nothing is spent, or it lasts for ten years. */
export const runsOutAtMs = (burn: Burn, leftMilliCredits: MilliCredits, timeMs: number): number | null => {
  const lastsMs = (leftMilliCredits / burnAt(burn, timeMs)) * hourMs;
  return lastsMs <= foreseenMs ? Math.round(timeMs + lastsMs) : null;
};
