import { normaliseNumber } from '@kwota/sms-text';
import { isValidPhoneNumber } from 'libphonenumber-js';

/** Receivers in `+E164`, each once; and as they were given, what no telephone number is and those that want no messages (OVH.md 9). */
export const sortReceivers = (given: readonly string[], isStopped: (number: string) => boolean): { valid: string[]; invalid: string[] } => {
  const valid = new Set<string>();
  const invalid: string[] = [];
  for (const receiver of given) {
    const number = normaliseNumber(receiver);
    if (number !== undefined && isReceiver(number) && !isStopped(number)) valid.add(number);
    else invalid.push(receiver);
  }
  return { valid: [...valid], invalid };
};

/** Valid numbers lately seen: a check costs several microseconds, and the same numbers come again. */
const known = new Map<string, boolean>();
const knownMax = 10_000;

const isReceiver = (number: string): boolean => {
  const before = known.get(number);
  if (before !== undefined) return before;
  const valid = isValidPhoneNumber(number);
  if (known.size >= knownMax) known.clear();
  known.set(number, valid);
  return valid;
};
