import type { ClaimedPart } from '../parts.repository.js';
import { submitSmOf } from './submit-sm.js';

const part: ClaimedPart = {
  messageId: 65_537,
  part: 1,
  parts: 1,
  account: 'sms-kw00001-1',
  receiver: '+33600000004',
  sender: 'KWOTA',
  text: '[ok]',
  coding: '7bit',
  messageClass: null,
  dueAtMs: 0,
  validUntilMs: 1_795_694_400_003,
  attempts: 0,
  epoch: 1,
};

it('a part is one submit_sm that asks for a receipt', () => {
  expect(submitSmOf(part)).toEqual({
    source_addr: 'KWOTA',
    source_addr_ton: 5,
    source_addr_npi: 0,
    destination_addr: '33600000004',
    dest_addr_ton: 1,
    dest_addr_npi: 1,
    esm_class: 0,
    validity_period: new Date(1_795_694_400_003),
    registered_delivery: 1,
    data_coding: 0,
    short_message: Buffer.of(0x1b, 0x3c, 0x6f, 0x6b, 0x1b, 0x3e),
    user_message_reference: 1,
  });
});

it.each([
  ['KWOTA', { source_addr: 'KWOTA', source_addr_ton: 5, source_addr_npi: 0 }],
  ['+33612345678', { source_addr: '33612345678', source_addr_ton: 1, source_addr_npi: 1 }],
  ['36184', { source_addr: '36184', source_addr_ton: 3, source_addr_npi: 0 }],
])('sender %s', (sender, expected) => expect(submitSmOf({ ...part, sender })).toMatchObject(expected));

it.each([
  ['7bit', null, 0x00],
  ['7bit', 0, 0x10],
  ['7bit', 2, 0x12],
  ['unicode', null, 0x08],
  ['unicode', 1, 0x19],
] as const)('%s in class %s has data_coding %i', (coding, messageClass, dataCoding) => {
  expect(submitSmOf({ ...part, coding, messageClass }).data_coding).toBe(dataCoding);
});

it('a joined part has a header with its message, its number and how many there are', () => {
  const fields = submitSmOf({ ...part, messageId: 0x1ff, part: 2, parts: 3, text: 'ż', coding: 'unicode' });
  expect(fields.esm_class).toBe(0x40);
  expect(fields.short_message).toEqual(Buffer.of(5, 0, 3, 0xff, 3, 2, 0x01, 0x7c));
});

it('a full part fits the 254 octets of a submit_sm', () => {
  const fields = submitSmOf({ ...part, parts: 2, text: '€'.repeat(76) });
  expect((fields.short_message as Buffer).length).toBeLessThanOrEqual(254);
});
