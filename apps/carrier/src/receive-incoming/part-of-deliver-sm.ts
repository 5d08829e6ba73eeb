import type { Pdu } from 'smpp';

/** Which part of which message: `reference` is the sender's own number for it, with what kind of number it is. */
export type PartOfMessage = Readonly<{ reference: string; number: number; of: number }>;

type Content = Pdu['short_message'];

const headerOf = (content: Content): readonly Buffer[] => (content === undefined || Buffer.isBuffer(content) || !Array.isArray(content.udh) ? [] : (content.udh as readonly Buffer[]));

/** 3GPP 23.040, 9.2.3.24.1 and .8: joined short messages with a reference of 8 or of 16 bits. */
const ofHeader = (header: readonly Buffer[]): PartOfMessage | undefined => {
  for (const element of header) {
    if (element[0] === 0x00 && element.length === 5) return { reference: `8:${element.readUInt8(2)}`, of: element.readUInt8(3), number: element.readUInt8(4) };
    if (element[0] === 0x08 && element.length === 6) return { reference: `16:${element.readUInt16BE(2)}`, of: element.readUInt8(4), number: element.readUInt8(5) };
  }
  return undefined;
};

/** SMPP 3.4, 5.3.2.22 to 24. */
const ofSegments = ({ sar_msg_ref_num: reference, sar_total_segments: of, sar_segment_seqnum: number }: Pdu): PartOfMessage | undefined =>
  reference === undefined || of === undefined || number === undefined ? undefined : { reference: `sar:${reference}`, of, number };

/** Undefined for a message in one part, and for one whose header makes no sense: it is taken as it is. */
export const partOfDeliverSm = (pdu: Pdu): PartOfMessage | undefined => {
  const part = ofHeader([...headerOf(pdu.short_message), ...headerOf(pdu.message_payload)]) ?? ofSegments(pdu);
  return part && part.of > 1 && part.number >= 1 && part.number <= part.of ? part : undefined;
};
