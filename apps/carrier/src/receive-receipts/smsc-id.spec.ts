import { fitOf, keyOfSmscId, keysOfSmscId } from './smsc-id.js';

const receiver = '+33600000004';
const fit = (inReceipt: string, inAnswer: string, from: string | null = '33600000004') => fitOf({ smscId: inReceipt, receiver: from }, { smscId: inAnswer, receiver });

it.each([
  ['the same', 'a1b2', 'a1b2', 3],
  ['capitals', 'A1B2', 'a1b2', 2],
  ['zeros in front', '00000123', '123', 2],
  ['zeros missing', '123', '0000000123', 2],
  ['decimal for hexadecimal', '41394', 'a1b2', 1],
  ['hexadecimal for decimal', 'A1B2', '41394', 1],
  ['hexadecimal with zeros for decimal', '0000A1B2', '41394', 1],
  ['digits alone that were hexadecimal', '16', '10', 1],
  ['another number', '124', '123', 0],
  ['a word', 'abc-1', 'abc-2', 0],
])('an id written with %s fits: %s is %s', (_, inReceipt, inAnswer, expected) => expect(fit(inReceipt, inAnswer)).toBe(expected));

it('another radix needs the receiver, or one message would take the receipt of another', () => {
  expect(fit('16', '10', null)).toBe(0);
  expect(fit('16', '10', '33600000005')).toBe(0);
});

it('case and zeros need no receiver, but not a wrong one', () => {
  expect(fit('00AB', 'ab', null)).toBe(2);
  expect(fit('00AB', 'ab', '33600000005')).toBe(0);
});

it('the id as it came fits whoever the receipt tells of', () => expect(fit('ab', 'ab', '0600000005')).toBe(3));

it('a number in national writing is the same', () => expect(fit('41394', 'a1b2', '0600000004')).toBe(1));

it('an id too long for a number has one key', () => expect(keysOfSmscId('f'.repeat(32))).toEqual(['f'.repeat(32)]));

it('zeros alone have a key', () => expect([keyOfSmscId('000'), keysOfSmscId('0')]).toEqual(['', ['']]));
