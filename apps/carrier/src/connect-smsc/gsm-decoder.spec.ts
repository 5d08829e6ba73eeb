import fc from 'fast-check';
import smpp from 'smpp';
import { quickGsmDecoder } from './gsm-decoder.js';

const { decode } = smpp.encodings.ASCII;
let asked = 0;
const quickly = quickGsmDecoder((octets) => {
  asked += 1;
  return decode(octets);
});

it('each octet is the character that it is for the package', () => {
  for (let code = 0; code < 0x100; code += 1) expect(quickly(Buffer.of(code))).toBe(decode(Buffer.of(code)));
});

it('so are all octets together', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 160 }), (octets) => {
      expect(quickly(Buffer.from(octets))).toBe(decode(Buffer.from(octets)));
    }),
  );
});

it('a receipt needs no help of the package', () => {
  const receipt = 'id:a1b2-3c sub:001 dlvrd:001 submit date:2611230900 done date:2611230901 stat:DELIVRD err:000 text:Hello, all';
  asked = 0;
  expect(quickly(Buffer.from(receipt))).toBe(receipt);
  expect(asked).toBe(0);
});
