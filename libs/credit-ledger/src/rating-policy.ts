import type { MilliCredits } from './credit-events.js';

/** What one part costs by the receiver's prefix; the longest that matches decides, '' is everywhere else. */
export type RatingPolicy = Readonly<{ version: number; ratesMilliCredits: ReadonlyMap<string, MilliCredits>; longestPrefix: number }>;

/** Prefixes are digits without `+`; rates are whole milli-credits, so at most three decimals of a credit. Throws on anything else. */
export const ratingPolicy = (version: number, ratesMilliCredits: Readonly<Record<string, MilliCredits>>): RatingPolicy => {
  for (const [prefix, rate] of Object.entries(ratesMilliCredits)) {
    if (!/^\d{0,15}$/.test(prefix)) throw new RangeError(`"${prefix}" is not a prefix of digits`);
    if (!Number.isSafeInteger(rate) || rate < 0) throw new RangeError(`the rate of "${prefix}" is not a whole number of milli-credits`);
  }
  if (ratesMilliCredits[''] === undefined) throw new RangeError('a rate for everywhere else (prefix "") is missing');
  const longestPrefix = Math.max(...Object.keys(ratesMilliCredits).map((prefix) => prefix.length));
  return { version, ratesMilliCredits: new Map(Object.entries(ratesMilliCredits)), longestPrefix };
};

/** OVH's own rule for France, and ours for everywhere until a rates file says otherwise: one credit a part. */
export const ratingPolicyV1 = ratingPolicy(1, { '': 1_000 });

/** The price of one message to an E.164 number, with the prefix that decided it: events carry that prefix, never the number. */
export const priceOf = (policy: RatingPolicy, receiver: string, parts: number): { destination: string; amountMilliCredits: MilliCredits } => {
  for (let length = Math.min(policy.longestPrefix, receiver.length - 1); length > 0; length -= 1) {
    const prefix = receiver.slice(1, 1 + length);
    const rate = policy.ratesMilliCredits.get(prefix);
    if (rate !== undefined) return { destination: prefix, amountMilliCredits: rate * parts };
  }
  return { destination: '', amountMilliCredits: (policy.ratesMilliCredits.get('') ?? 0) * parts };
};

/**
 * A rates file (KWOTA_RATES_FILE): `{"": 1, "33": 0.95, …}`, credits a part by prefix, at most three decimals. Throws a RangeError that names
 * the prefix: a service must not start with prices that it guessed.
 */
export const parseRatesFile = (json: unknown, version: number): RatingPolicy => {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new RangeError('a rates file is an object of prefixes and credits');
  const rates: Record<string, MilliCredits> = {};
  for (const [prefix, credits] of Object.entries(json)) {
    // 0.3 * 1000 is not 300 exactly: rounded, then compared with what was written.
    const milliCredits = typeof credits === 'number' ? Math.round(credits * 1_000) : Number.NaN;
    if (!(Math.abs(milliCredits - (credits as number) * 1_000) < 1e-6)) throw new RangeError(`the rate of "${prefix}" is no number with at most three decimals`);
    rates[prefix.replace(/^\+/, '')] = milliCredits;
  }
  return ratingPolicy(version, rates);
};
