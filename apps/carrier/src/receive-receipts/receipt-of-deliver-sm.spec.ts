import type { Pdu } from 'smpp';
import { receiptOfDeliverSm } from './receipt-of-deliver-sm.js';

const deliverSm = (fields: Partial<Pdu>): Pdu => ({
  command: 'deliver_sm',
  command_status: 0,
  sequence_number: 1,
  isResponse: () => false,
  response: () => deliverSm({}),
  esm_class: 0x04,
  ...fields,
});
const withText = (text: string): Partial<Pdu> => ({ short_message: { message: text } });

it.each<[string, Partial<Pdu>, object | undefined]>([
  [
    'a text as in SMPP 3.4, appendix B',
    withText('id:a1 sub:001 dlvrd:001 submit date:2611230900 done date:2611230901 stat:DELIVRD err:000 text:Hello'),
    { smscId: 'a1', stat: 'DELIVRD', err: '000', messageState: null },
  ],
  ['names in capitals', withText('Id:a1 Sub:001 Dlvrd:000 Stat:UNDELIV Err:23a Text:'), { smscId: 'a1', stat: 'UNDELIV', err: '23a' }],
  ['no words of the message itself', withText('id:a1 stat:EXPIRED err:000 text:id:b2 stat:DELIVRD'), { smscId: 'a1', stat: 'EXPIRED' }],
  ['TLVs alone', { receipted_message_id: 'a1', message_state: 2 }, { smscId: 'a1', stat: null, err: null, messageState: 2 }],
  ['the TLV before the text', { ...withText('id:123 stat:DELIVRD'), receipted_message_id: '7b' }, { smscId: '7b', stat: 'DELIVRD' }],
  ['a zero at the end of a TLV', { receipted_message_id: 'a1\0' }, { smscId: 'a1' }],
  ['bytes', { short_message: Buffer.from('id:a1 stat:ENROUTE') }, { smscId: 'a1', stat: 'ENROUTE' }],
  ['an intermediate notification', { ...withText('id:a1 stat:ENROUTE'), esm_class: 0x20 }, { smscId: 'a1' }],
  ['no id', withText('stat:DELIVRD err:000'), undefined],
  ['nothing', {}, undefined],
  ['a message from a phone', { ...withText('id:a1 stat:DELIVRD'), esm_class: 0x00 }, undefined],
])('a receipt with %s', (_, fields, expected) => {
  const receipt = receiptOfDeliverSm(deliverSm(fields), 5);
  if (expected === undefined) expect(receipt).toBeUndefined();
  else expect(receipt).toMatchObject({ ...expected, receivedAtMs: 5 });
});
