import { ratingPolicy, type RatingPolicy } from '@kwota/credit-ledger';
import { readFileSync } from 'node:fs';

/** `{"version": 2, "rates": {"": 1, "33": 0.9}}`: credits a part by prefix, at most three decimals. @throws Error that names KWOTA_RATES_FILE. */
export const readRatesFile = (path: string): RatingPolicy => {
  try {
    const { version, rates } = JSON.parse(readFileSync(path, 'utf8')) as { version: number; rates: Record<string, number> };
    if (!Number.isSafeInteger(version) || version < 2) throw new RangeError('version must be a whole number above 1, the default rates');
    return ratingPolicy(version, Object.fromEntries(Object.entries(rates).map(([prefix, credits]) => [prefix, exactMilliCredits(prefix, credits)])));
  } catch (error) {
    throw new Error(`KWOTA_RATES_FILE: ${(error as Error).message}`, { cause: error });
  }
};

const exactMilliCredits = (prefix: string, credits: number): number => {
  const milliCredits = Math.round(credits * 1_000);
  if (Math.abs(milliCredits / 1_000 - credits) > Number.EPSILON * credits) throw new RangeError(`the rate of "${prefix}" has more than three decimals`);
  return milliCredits;
};
