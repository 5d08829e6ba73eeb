import { encodeGsm7Unpacked, encodeUcs2 } from '@kwota/sms-text';
import type { PduFields } from 'smpp';
import type { ClaimedPart } from '../parts.repository.js';

const ton = { international: 1, networkSpecific: 3, alphanumeric: 5 };
const npi = { none: 0, isdn: 1 };
const esmClassWithHeader = 0x40;
const finalReceiptWanted = 1;

/** SMPP 3.4, 5.2.19: 0 is the SMSC's default alphabet, 8 UCS-2; bit 4 says that the low two bits are the message class (3GPP 23.038). */
const dataCodingOf = ({ coding, messageClass }: ClaimedPart): number =>
  (coding === 'unicode' ? 0x08 : 0x00) | (messageClass === null ? 0x00 : 0x10 | messageClass);

const sourceOf = (sender: string): PduFields => {
  if (/^\+\d+$/.test(sender)) return { source_addr: sender.slice(1), source_addr_ton: ton.international, source_addr_npi: npi.isdn };
  if (/^\d+$/.test(sender)) return { source_addr: sender, source_addr_ton: ton.networkSpecific, source_addr_npi: npi.none };
  return { source_addr: sender, source_addr_ton: ton.alphanumeric, source_addr_npi: npi.none };
};

/** 3GPP 23.040, 9.2.3.24.1: joined short messages with an 8-bit reference, the same for all parts of a message. */
const headerOf = ({ messageId, part, parts }: ClaimedPart): Buffer => Buffer.of(5, 0, 3, messageId % 0x100, parts, part);

/** The submit_sm of one part. Its reference, the low 16 bits of the message id, helps to tell messages apart in an SMSC's log. */
export const submitSmOf = (part: ClaimedPart): PduFields => {
  const content = part.coding === 'unicode' ? encodeUcs2(part.text) : encodeGsm7Unpacked(part.text);
  const isJoined = part.parts > 1;
  return {
    ...sourceOf(part.sender),
    destination_addr: part.receiver.replace('+', ''),
    dest_addr_ton: ton.international,
    dest_addr_npi: npi.isdn,
    esm_class: isJoined ? esmClassWithHeader : 0,
    validity_period: new Date(part.validUntilMs),
    registered_delivery: finalReceiptWanted,
    data_coding: dataCodingOf(part),
    short_message: isJoined ? Buffer.concat([headerOf(part), content]) : Buffer.from(content),
    user_message_reference: part.messageId % 0x10000,
  };
};
