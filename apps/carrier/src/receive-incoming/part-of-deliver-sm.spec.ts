import type { Pdu } from 'smpp';
import { partOfDeliverSm } from './part-of-deliver-sm.js';

const partOf = (fields: Partial<Pdu>) => partOfDeliverSm({ command: 'deliver_sm', command_status: 0, sequence_number: 1, isResponse: () => false, response: () => fields as Pdu, ...fields });
const withHeader = (...udh: readonly (readonly number[])[]) => ({ short_message: { message: 'text', udh: udh.map((element) => Buffer.from(element)) } });
const segments = (number: number, of: number) => ({ sar_msg_ref_num: 4_660, sar_total_segments: of, sar_segment_seqnum: number });

it.each([
  ['an 8-bit reference', withHeader([0, 3, 17, 3, 2]), { reference: '8:17', of: 3, number: 2 }],
  ['a 16-bit reference', withHeader([8, 4, 0x12, 0x34, 3, 2]), { reference: '16:4660', of: 3, number: 2 }],
  ['another element before it', withHeader([5, 4, 1, 2, 3, 4], [0, 3, 17, 3, 2]), { reference: '8:17', of: 3, number: 2 }],
  ['a header in message_payload', { message_payload: withHeader([0, 3, 17, 2, 1]).short_message }, { reference: '8:17', of: 2, number: 1 }],
  ['segments as TLVs', segments(2, 3), { reference: 'sar:4660', of: 3, number: 2 }],
  ['a header and TLVs: the header counts', { ...withHeader([0, 3, 17, 3, 2]), ...segments(1, 2) }, { reference: '8:17', of: 3, number: 2 }],
])('%s', (_, fields, expected) => expect(partOf(fields)).toEqual(expected));

it.each([
  ['no header', { short_message: { message: 'text' } }],
  ['a header of something else', withHeader([5, 4, 1, 2, 3, 4])],
  ['one part of one', withHeader([0, 3, 17, 1, 1])],
  ['no parts', withHeader([0, 3, 17, 0, 0])],
  ['part 0', withHeader([0, 3, 17, 3, 0])],
  ['a part behind the last', withHeader([0, 3, 17, 3, 4])],
  ['an element that is cut', withHeader([0, 3, 17, 3])],
  ['TLVs of which one lacks', { sar_msg_ref_num: 1, sar_total_segments: 2 }],
])('a message with %s is taken as it is', (_, fields) => expect(partOf(fields)).toBeUndefined());
