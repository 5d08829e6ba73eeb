import { normaliseNumber } from '@kwota/sms-text';
import type { Pdu } from 'smpp';

export type MessageOfPhone = Readonly<{ phone: string; to: string; text: string }>;

/** SMPP 3.4, 5.2.19; the package decodes short_message by it, but not message_payload. */
const ucs2 = 0x08;
const textLengthMax = 2_000;
const addressLengthMax = 21;

type Content = Buffer | Readonly<{ message: Buffer | string }> | undefined;

const textOf = (content: Content, dataCoding: number): string => {
  const message = content === undefined || Buffer.isBuffer(content) ? content : content.message;
  if (!Buffer.isBuffer(message)) return message ?? '';
  if (dataCoding !== ucs2) return message.toString('latin1');
  return Buffer.from(message.subarray(0, message.length - (message.length % 2))).swap16().toString('utf16le');
};

/** As much as a message on the log may have. */
export const incomingText = (text: string): string => text.slice(0, textLengthMax);

/** What a phone wrote; undefined where it has no number. */
export const messageOfDeliverSm = (pdu: Pdu): MessageOfPhone | undefined => {
  const digits = (pdu.source_addr ?? '').replace(/\D/g, '');
  const phone = digits === '' ? undefined : normaliseNumber(`+${digits}`);
  if (phone === undefined) return undefined;
  const dataCoding = pdu.data_coding ?? 0;
  const text = textOf(pdu.short_message as Content, dataCoding) || textOf((pdu as { message_payload?: Content }).message_payload, dataCoding);
  return { phone, to: (pdu.destination_addr ?? '').slice(0, addressLengthMax), text: incomingText(text) };
};
