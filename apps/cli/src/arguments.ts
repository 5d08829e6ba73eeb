// Texts of the command line as values; what they are not is said by InvalidArgumentError, which ends as exit code 2.
import type { ReplayUntil } from '@kwota/audit-log/replay-ledger';
import { InvalidArgumentError } from 'commander';

/** Credits with at most three decimals: a milli-credit is the smallest amount. */
export const credits = (given: string): number => {
  if (!/^\d{1,9}(?:\.\d{1,3})?$/.test(given)) throw new InvalidArgumentError('credits are a number with at most three decimals.');
  return Number(given);
};

export const positiveCredits = (given: string): number => {
  const amount = credits(given);
  if (amount === 0) throw new InvalidArgumentError('credits must be more than 0.');
  return amount;
};

/** For a correction: down with a minus. */
export const signedCredits = (given: string): number =>
  given.startsWith('-') ? -positiveCredits(given.slice(1)) : positiveCredits(given);

export const creditsOrOff = (given: string): number | 'off' => (given === 'off' ? given : credits(given));

/** OVH's thresholds are whole credits, from 1. */
export const levelOrOff = (given: string): number | 'off' => {
  if (given === 'off') return given;
  if (!/^[1-9]\d{0,8}$/.test(given)) throw new InvalidArgumentError('a threshold is a whole number of credits from 1, or off.');
  return Number(given);
};

/** 0 is the API's word for no limit. */
export const perMinuteOrOff = (given: string): number => {
  if (given === 'off') return 0;
  if (!/^[1-9]\d{0,6}$/.test(given)) throw new InvalidArgumentError('a limit is a whole number of messages from 1, or off.');
  return Number(given);
};

/** `none` empties the list. */
export const addresses = (given: string): readonly string[] => (given === 'none' ? [] : given.split(',').map((address) => address.trim()));

/** `none` takes the URL away. */
export const urlOrNone = (given: string): string | null => (given === 'none' ? null : given);

/** A position is digits; an instant is ISO 8601 with its zone, since an auditor's clock need not stand in the operator's. */
export const untilOf = (given: string): ReplayUntil => {
  if (/^\d{1,15}$/.test(given)) return { position: Number(given) };
  const timeMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/.test(given) ? Date.parse(given) : Number.NaN;
  if (Number.isNaN(timeMs)) throw new InvalidArgumentError('until is a position (1234) or an instant with its zone (2026-11-23T12:00:00Z).');
  return { timeMs };
};

/** In the form that the API takes, whatever its zone. */
export const instant = (given: string): string => {
  if (Number.isNaN(Date.parse(given))) throw new InvalidArgumentError('a time is written as 2026-11-23T12:00:00Z.');
  return new Date(given).toISOString();
};

/** A place, a size or an id. */
export const atLeastZero = (given: string): number => {
  if (!/^\d{1,15}$/.test(given)) throw new InvalidArgumentError('it is a whole number from 0.');
  return Number(given);
};

/** An option that may be given again. */
export const listed = (given: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), given];

/** A right of a consumer key, as OVH writes it: `GET /sms/*`. */
export const rights = (given: string, before: readonly { method: string; path: string }[] | undefined): readonly { method: string; path: string }[] => {
  const [, method = '', path = ''] = /^(GET|POST|PUT|DELETE) (\/\S*)$/.exec(given) ?? [];
  if (!method) throw new InvalidArgumentError('a right is a method and a path, as "GET /sms/*".');
  return [...(before ?? []), { method, path }];
};

export const hours = (given: string): number => {
  if (!/^\d{1,4}$/.test(given)) throw new InvalidArgumentError('it is a whole number of hours.');
  return Number(given);
};
