// When somebody is warned that credit runs out soon. Pure.
import { burnAt, runsOutAtMs } from '@kwota/credit-ledger';
import type { CreditOf } from '../ask-ledger/credit.client.js';

const hourMs = 60 * 60 * 1_000;
const dayMs = 24 * hourMs;
/** A rate rises and falls over a day: only what lasts twice as long as is warned of is out of sight again. */
const farFactor = 2;

export type ForecastStep = Readonly<{ step: 'warn'; runsOutAtMs: number } | { step: 'forget' } | { step: 'stay' }>;

/**
 * The ledger tells rate and end as of the account's last event; seen from now the rate has fallen by half for each day without spending.
 * Null: nobody spends.
 */
export const runsOutSeenFrom = ({ leftMilliCredits, burnMilliCreditsPerHour, runsOutAtMs: endAtMs }: CreditOf, nowMs: number): number | null => {
  if (endAtMs == null || !burnMilliCreditsPerHour) return null;
  const lastEventAtMs = endAtMs - (leftMilliCredits / burnMilliCreditsPerHour) * hourMs;
  const burn = { milliCreditsPerHour: burnMilliCreditsPerHour, atMs: Math.min(lastEventAtMs, nowMs) };
  return burnAt(burn, nowMs) > 0 ? runsOutAtMs(burn, leftMilliCredits, nowMs) : null;
};

/** Warns at the step into the window of `days`, and again only after credit was seen to last twice as long, or nobody spent. */
export const forecastStep = (isSoon: boolean, credit: CreditOf, days: number, nowMs: number): ForecastStep => {
  // A ledger of the version before says nothing; what is used up already is told by thresholds and refusals.
  if (credit.runsOutAtMs === undefined || credit.leftMilliCredits === 0) return { step: 'stay' };
  const endAtMs = runsOutSeenFrom(credit, nowMs);
  if (!isSoon && endAtMs !== null && endAtMs <= nowMs + days * dayMs) return { step: 'warn', runsOutAtMs: endAtMs };
  if (isSoon && (endAtMs === null || endAtMs > nowMs + farFactor * days * dayMs)) return { step: 'forget' };
  return { step: 'stay' };
};

