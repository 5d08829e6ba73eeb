import type { Pdu } from 'smpp';
import type { RawReceipt } from './smsc-id.js';

/** SMPP 3.4, 5.2.12: bits 2 to 5 of esm_class; 0 is a message from a phone. */
const messageTypeBits = 0x3c;

export const isFromPhone = ({ esm_class: esmClass = 0 }: Pdu): boolean => (esmClass & messageTypeBits) === 0;

const textOf = ({ short_message: message }: Pdu): string => {
  if (message === undefined) return '';
  const content = Buffer.isBuffer(message) ? message : message.message;
  return typeof content === 'string' ? content : content.toString('latin1');
};

/** The word behind `name:` in a receipt's text (SMPP 3.4, appendix B); the text of the message, which comes last, is not looked at. */
const fieldOf = (fields: string, name: string): string | null => new RegExp(`(?:^| )${name}:([^ ]*)`, 'i').exec(fields)?.[1] ?? null;

/** What a deliver_sm says of a message of ours; undefined when it is no receipt, or names no message. */
export const receiptOfDeliverSm = (pdu: Pdu, receivedAtMs: number): RawReceipt | undefined => {
  if (isFromPhone(pdu)) return undefined;
  const [fields = ''] = textOf(pdu).split(/ text:/i, 1);
  const smscId = pdu.receipted_message_id?.replace(/\0+$/, '') || fieldOf(fields, 'id');
  if (!smscId) return undefined;
  return {
    smscId,
    stat: fieldOf(fields, 'stat'),
    err: fieldOf(fields, 'err'),
    messageState: pdu.message_state ?? null,
    // In a receipt the message's addresses change places.
    receiver: pdu.source_addr?.replace(/\D/g, '') || null,
    receivedAtMs,
  };
};
