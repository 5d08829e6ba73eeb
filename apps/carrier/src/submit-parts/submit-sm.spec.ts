import type { ClaimedPart } from '../parts.repository.js';
import { defaultSettings } from '../connectors/default-settings.js';
import { submitSmOf as submitSm, unitsOf, type SubmitSettings, type Unit } from './submit-sm.js';

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
  priority: 'high',
  dueAtMs: 0,
  validUntilMs: 1_795_694_400_003,
  attempts: 0,
  epoch: 1,
  connector: 'default',
  commercial: false,
};
const nowMs = part.validUntilMs - 3 * 86_400_000;
const submitUnit = (unit: Unit, settings: Partial<SubmitSettings> = {}) => submitSm(unit, { ...defaultSettings, ...settings }, nowMs);
const submitSmOf = (one: ClaimedPart, settings: Partial<SubmitSettings> = {}) => submitUnit([one], settings);

it('a part is one submit_sm that asks for a receipt', () => {
  expect(submitSmOf(part)).toEqual({
    service_type: '',
    source_addr: 'KWOTA',
    source_addr_ton: 5,
    source_addr_npi: 0,
    destination_addr: '33600000004',
    dest_addr_ton: 1,
    dest_addr_npi: 1,
    esm_class: 0,
    priority_flag: 3,
    validity_period: '261126120000000+',
    registered_delivery: 1,
    data_coding: 0,
    short_message: Uint8Array.of(0x1b, 0x3c, 0x6f, 0x6b, 0x1b, 0x3e),
    message_payload: new Uint8Array(),
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
  expect(fields.short_message.length).toBeLessThanOrEqual(254);
});

describe('a connector may', () => {
  it('want Latin-1, where it has all characters of the text', () => {
    expect(submitSmOf({ ...part, text: 'Ça, là!' }, { alphabet: 'latin1' })).toMatchObject({ data_coding: 0x03, short_message: Buffer.from('Ça, là!', 'latin1') });
    expect(submitSmOf({ ...part, text: '1 €' }, { alphabet: 'latin1' })).toMatchObject({ data_coding: 0x00, short_message: Uint8Array.of(0x31, 0x20, 0x1b, 0x65) });
    expect(submitSmOf({ ...part, text: 'é', messageClass: 0 }, { alphabet: 'latin1' }).data_coding).toBe(0x13);
  });

  it('want its validity as a time, in UTC, from now on, or none', () => {
    expect(submitSmOf({ ...part, validUntilMs: Date.UTC(2027, 0, 2, 3, 4, 5, 678) }).validity_period).toBe('270102030405600+');
    expect(submitSmOf(part, { validityPeriod: 'relative' }).validity_period).toBe('000003000000000R');
    expect(submitSmOf({ ...part, validUntilMs: nowMs + 3_723_000 }, { validityPeriod: 'relative' }).validity_period).toBe('000000010203000R');
    expect(submitSmOf(part, { validityPeriod: 'none' }).validity_period).toBe('');
  });

  it('have a service type, receipts of its own and types of number', () => {
    const address = { ton: 2, npi: 3 };
    const addresses = { ...defaultSettings.addresses, alphanumeric: address, receiver: { ton: 0, npi: 0 } };
    expect(submitSmOf(part, { serviceType: 'CMT', registeredDelivery: 17, addresses })).toMatchObject({
      service_type: 'CMT',
      registered_delivery: 17,
      source_addr_ton: 2,
      source_addr_npi: 3,
      dest_addr_ton: 0,
      dest_addr_npi: 0,
    });
  });

  it('take a message of several parts in one piece', () => {
    const parts = [1, 2, 3].map((number) => ({ ...part, part: number, parts: 3, text: String(number).repeat(153) }));
    const [unit, ...others] = unitsOf(parts, { longMessages: 'payload' });
    expect(others).toEqual([]);
    const fields = submitUnit(unit as Unit);
    expect(fields).toMatchObject({ esm_class: 0, message_payload: Uint8Array.from(Buffer.from('1'.repeat(153) + '2'.repeat(153) + '3'.repeat(153))), short_message: new Uint8Array() });
  });
});

describe('units', () => {
  const partsOf = (messageId: number, parts: number) => Array.from({ length: parts }, (_, index) => ({ ...part, messageId, part: index + 1, parts }));
  const sizes = (parts: readonly ClaimedPart[], longMessages: 'udh' | 'payload') => [...unitsOf(parts, { longMessages })].map(({ length }) => length);

  it('are parts where the connector takes each with its header', () => expect(sizes([...partsOf(1, 3), ...partsOf(2, 1)], 'udh')).toEqual([1, 1, 1, 1]));
  it('are messages where it takes them in one piece', () => expect(sizes([...partsOf(1, 3), ...partsOf(2, 1), ...partsOf(3, 2)], 'payload')).toEqual([3, 1, 2]));
  it('are parts where not all of a message are there', () => expect(sizes([...partsOf(1, 3).slice(1), ...partsOf(2, 2)], 'payload')).toEqual([1, 1, 2]));
});
