// OVH's SMPP product has a "PTT" of its own (OVH.md 5.3): 4 is delivered in one number space and an equipment error in the other. Hence an
// object where Ptt is a number: neither can be passed for the other.

export type SmppProductPtt = Readonly<{ smppProductPtt: number }>;

const meanings: Readonly<Record<number, string>> = {
  0: 'no error',
  1: 'internal error',
  2: 'network error',
  3: 'destination unreachable',
  4: 'equipment error',
  5: 'subscriber or credit',
  6: 'timed out',
  7: 'operator error',
  8: 'parental lock',
  9: 'undeliverable',
  10: 'account credit',
  50: 'internal error',
  51: 'internal error',
  52: 'template missing (US)',
  53: 'blacklisted by STOP',
  54: 'forbidden destination',
  100: 'bad numbering plan',
  101: 'bad content',
  102: 'bad GSM 7-bit text',
  103: 'too long',
  254: 'pending',
  255: 'unknown',
  800: 'undeliverable',
  801: 'expired',
  802: 'deleted',
  803: 'rejected',
  804: 'unknown',
};

/** For people who read the raw codes of a receipt; undefined for a number outside OVH's table. */
export const smppProductPttMeaning = ({ smppProductPtt }: SmppProductPtt): string | undefined => meanings[smppProductPtt];
