// An SMSC may name a message otherwise in a receipt than it did in its answer: hexadecimal or decimal, with zeros in front, in capitals. Pure.

/** What a delivery receipt said, as it came. `receiver`: whose phone it tells of, as digits. */
export type RawReceipt = Readonly<{
  smscId: string;
  stat: string | null;
  err: string | null;
  messageState: number | null;
  receiver: string | null;
  receivedAtMs: number;
}>;

/** Longer ones are no numbers of an SMSC's counter: 64 bits are 20 decimal digits. */
const digitsMax = 20;
/** Of a telephone number: what national and international writing have in common. */
const comparedDigits = 7;

/** The same for spellings that differ in case and leading zeros. SQL's twin is `keyColumn`. */
export const keyOfSmscId = (smscId: string): string => smscId.toLowerCase().replace(/^0+/, '');
export const keyColumn = `lower(ltrim("smscId", '0'))`;

/** Keys under which the same message may be known: its own, and the same number in the other radix, either way. */
export const keysOfSmscId = (smscId: string): readonly string[] => {
  const key = keyOfSmscId(smscId);
  if (!/^[0-9a-f]+$/.test(key) || key.length > digitsMax) return [key];
  const asDecimal = BigInt(`0x${key}`).toString();
  return /^\d+$/.test(key) ? [key, BigInt(key).toString(16), asDecimal] : [key, asDecimal];
};

const isSameNumber = (a: string, b: string): boolean => {
  const [one, other] = [a, b].map((number) => number.replace(/\D/g, '').slice(-comparedDigits));
  return one !== '' && one === other;
};

/**
 * How well a receipt fits a submitted part: 3 the id as it came · 2 but for case and zeros · 1 in another radix, and only when the receipt
 * names the part's receiver, since one message's number is another's in hexadecimal · 0 not at all.
 */
export const fitOf = (receipt: Pick<RawReceipt, 'smscId' | 'receiver'>, part: Readonly<{ smscId: string; receiver: string }>): 0 | 1 | 2 | 3 => {
  if (receipt.smscId === part.smscId) return 3;
  const isReceiver = receipt.receiver !== null && isSameNumber(receipt.receiver, part.receiver);
  if (receipt.receiver !== null && !isReceiver) return 0;
  const key = keyOfSmscId(part.smscId);
  if (keyOfSmscId(receipt.smscId) === key) return 2;
  return isReceiver && keysOfSmscId(receipt.smscId).includes(key) ? 1 : 0;
};
