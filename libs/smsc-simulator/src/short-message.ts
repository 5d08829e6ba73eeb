import type { ShortMessage } from 'smpp';
import type { Submission } from './submission-log.js';

/** As it was decoded; what is no text is taken byte for byte. */
export const textOf = (message: ShortMessage | Buffer | undefined): string => {
  const content = message === undefined || Buffer.isBuffer(message) ? (message ?? '') : message.message;
  return typeof content === 'string' ? content : content.toString('latin1');
};

/** The element for joined messages of a user data header (3GPP 23.040, 9.2.3.24): 00 has an 8-bit reference, 08 one of 16 bits. */
export const partOf = (message: ShortMessage | Buffer | undefined): Submission['part'] => {
  if (message === undefined || Buffer.isBuffer(message) || !Array.isArray(message.udh)) return undefined;
  const joined = message.udh.find((element) => element[0] === 0x00 || element[0] === 0x08);
  if (!joined || joined.length < 5) return undefined;
  const bytes = [...joined.subarray(2)];
  const number = bytes.pop() ?? 0;
  const of = bytes.pop() ?? 0;
  return { reference: bytes.reduce((sum, byte) => sum * 256 + byte, 0), number, of };
};
