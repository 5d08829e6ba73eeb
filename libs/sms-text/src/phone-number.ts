/** E.164: at most 15 digits with the country code. The shortest numbers in use have 7 (Niue); fewer are short codes, which have no country. */
const digitsMin = 7;
const digitsMax = 15;

const separators = / |-|\.|\(|\)/g;

/**
 * `+` and digits, by syntax alone: `00` becomes `+`, a `+` lost on the way is put back (a URL's raw `+` arrives as a space, OVH.md 3.1), and
 * spaces, hyphens, dots and brackets go. Undefined for anything else, national numbers too: which country, and whether such a number
 * exists, is the gateway's to decide.
 */
export const normaliseNumber = (raw: string): string | undefined => {
  const compact = raw.trim().replace(separators, '');
  const digits = compact.startsWith('+') ? compact.slice(1) : compact.startsWith('00') ? compact.slice(2) : compact;
  const isInternational = /^[1-9]\d*$/.test(digits) && digits.length >= digitsMin && digits.length <= digitsMax;
  return isInternational ? `+${digits}` : undefined;
};
