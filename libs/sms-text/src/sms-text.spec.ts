import { createRequire } from 'node:module';
import fc from 'fast-check';
import {
  decodeGsm7Unpacked,
  decodeUcs2,
  encodeGsm7Unpacked,
  encodeUcs2,
  measureText,
  normaliseNumber,
  splitText,
  stopClause,
  withStopClause,
  type TextCoding,
  type TextOptions,
} from './sms-text.js';

type SmsLength = { count(text: string): { encoding: 'GSM_7BIT' | 'GSM_7BIT_EXT' | 'UTF16'; length: number; messages: number } };
/** An independent count (CommonJS). */
const smsLength: SmsLength = createRequire(import.meta.url)('sms-length');

const basic =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const extension = '^{}\\[~]|€';
const texts = (characters: string, maxLength: number) =>
  fc.array(fc.constantFrom(...characters), { maxLength }).map((picked) => picked.join(''));
const anyText = fc.oneof(
  texts(basic, 700),
  texts(basic + extension, 700),
  texts(`${basic}${extension}żłęЖ漢😀`, 500),
  fc.string({ unit: 'binary', maxLength: 300 }),
);
const anyOptions: fc.Arbitrary<TextOptions> = fc.record(
  { coding: fc.constantFrom<TextCoding>('7bit', 'unicode'), stopClause: fc.boolean() },
  { requiredKeys: [] },
);

describe('parts', () => {
  it.each([
    ['nothing', '', '7bit', 0, 1],
    ['one character', 'a', '7bit', 1, 1],
    ['160 septets', 'a'.repeat(160), '7bit', 160, 1],
    ['161', 'a'.repeat(161), '7bit', 161, 2],
    ['306', 'a'.repeat(306), '7bit', 306, 2],
    ['307', 'a'.repeat(307), '7bit', 307, 3],
    ['459', 'a'.repeat(459), '7bit', 459, 3],
    ['460', 'a'.repeat(460), '7bit', 460, 4],
    ['918', 'a'.repeat(918), '7bit', 918, 6],
    ['919', 'a'.repeat(919), '7bit', 919, 7],
    ['80 euro signs', '€'.repeat(80), '7bit', 160, 1],
    ['81 euro signs: 76 in the first part, one septet left empty', '€'.repeat(81), '7bit', 162, 2],
    ['153 euro signs: 306 septets do not fit two parts of 76', '€'.repeat(153), '7bit', 306, 3],
    ['70 units', 'ż'.repeat(70), 'unicode', 70, 1],
    ['71 units', 'ż'.repeat(71), 'unicode', 71, 2],
    ['134 units', 'ż'.repeat(134), 'unicode', 134, 2],
    ['135 units', 'ż'.repeat(135), 'unicode', 135, 3],
    ['201 units', 'ż'.repeat(201), 'unicode', 201, 3],
    ['35 emoji', '😀'.repeat(35), 'unicode', 70, 1],
    ['36 emoji', '😀'.repeat(36), 'unicode', 72, 2],
    ['67 emoji: 134 units do not fit two parts of 33', '😀'.repeat(67), 'unicode', 134, 3],
    ['one character outside the alphabet makes all Unicode', `${'a'.repeat(70)}ż`, 'unicode', 71, 2],
  ])('%s', (_, text, coding, characters, parts) => {
    expect(measureText(text)).toEqual({
      coding,
      characters,
      parts,
      maxCharactersPerPart: coding === '7bit' ? (parts === 1 ? 160 : 153) : parts === 1 ? 70 : 67,
    });
  });

  it.each([
    ['a', 149, 1, 149],
    ['a', 150, 2, 153],
    ['a', 295, 2, 153],
    ['a', 296, 3, 153],
    ['ż', 59, 1, 59],
    ['ż', 60, 2, 67],
    ['ż', 123, 2, 67],
    ['ż', 124, 3, 67],
  ])('with a STOP clause %s × %i is %i', (character, characters, parts, maxCharactersPerPart) => {
    const text = character.repeat(characters);
    expect(measureText(text, { stopClause: true })).toMatchObject({ characters, parts, maxCharactersPerPart });
    expect(splitText(text, { stopClause: true })).toEqual(splitText(withStopClause(text)));
  });

  it('the STOP clause has 11 characters of the alphabet', () => expect(measureText(stopClause)).toMatchObject({ coding: '7bit', characters: 11 }));

  it('a forced coding is kept, and what it lacks is one question mark a character', () => {
    expect(measureText('aż😀b', { coding: '7bit' })).toEqual({ coding: '7bit', characters: 4, parts: 1, maxCharactersPerPart: 160 });
    expect(splitText('aż😀b', { coding: '7bit' })).toEqual(['a??b']);
    expect(measureText('abc', { coding: 'unicode' })).toEqual({ coding: 'unicode', characters: 3, parts: 1, maxCharactersPerPart: 70 });
  });

  it.each(['\t', 'ç', 'á', '\u00a0', '`', '\u001b'])('%j is not in the alphabet', (character) => {
    expect(measureText(character).coding).toBe('unicode');
  });
});

describe('for any text', () => {
  it('what is charged is what is sent, and no part is too long', () => {
    fc.assert(
      fc.property(anyText, anyOptions, (text, options) => {
        const { coding, parts } = measureText(text, options);
        const split = splitText(text, options);
        expect(split).toHaveLength(parts);
        for (const part of split) expect(measureText(part, { coding }).characters).toBeLessThanOrEqual(coding === '7bit' ? (parts > 1 ? 153 : 160) : parts > 1 ? 67 : 70);
      }),
    );
  });

  it('the parts are the text, and no surrogate pair is cut', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const split = splitText(text);
        expect(split.join('')).toBe(text);
        for (const [index, part] of split.slice(1).entries()) {
          const seam = `${split[index]?.at(-1) ?? ''}${part.charAt(0)}`;
          expect(seam).not.toMatch(/^[\ud800-\udbff][\udc00-\udfff]$/);
        }
      }),
    );
  });

  it('the count is that of sms-length, and at most a part more for each pair or escape sequence that would have been cut', () => {
    fc.assert(
      fc.property(fc.oneof(texts(basic, 700), texts(basic + extension, 700), texts(`${basic}żЖ漢`, 500), texts('aż😀', 300)), (text) => {
        const theirs = smsLength.count(text);
        const ours = measureText(text);
        expect(ours.coding).toBe(theirs.encoding === 'UTF16' ? 'unicode' : '7bit');
        expect(ours.characters).toBe(theirs.length);
        const isOneUnitEach = theirs.encoding === 'GSM_7BIT' || (theirs.encoding === 'UTF16' && !text.includes('😀'));
        const theirParts = Math.max(theirs.messages, 1);
        expect(ours.parts).toBeGreaterThanOrEqual(theirParts);
        expect(ours.parts).toBeLessThanOrEqual(isOneUnitEach ? theirParts : theirParts + 1);
      }),
    );
  });
});

describe('bytes', () => {
  it('each character of the alphabet has the code of GSM 03.38', () => {
    expect([...encodeGsm7Unpacked('@£\n\r_ AZaz¡¿à')]).toEqual([0, 1, 10, 13, 17, 32, 65, 90, 97, 122, 64, 96, 127]);
    expect([...encodeGsm7Unpacked('€[\f|')]).toEqual([0x1b, 0x65, 0x1b, 0x3c, 0x1b, 0x0a, 0x1b, 0x40]);
    expect([...encodeGsm7Unpacked('ż😀')]).toEqual([0x3f, 0x3f]);
  });

  it('come back as the text', () => {
    fc.assert(fc.property(texts(`${basic}${extension}\f`, 200), (text) => decodeGsm7Unpacked(encodeGsm7Unpacked(text)) === text));
    fc.assert(fc.property(anyText, (text) => decodeUcs2(encodeUcs2(text)) === text));
  });

  it('are as many as were counted', () => {
    fc.assert(fc.property(anyText, (text) => encodeGsm7Unpacked(text).length === measureText(text, { coding: '7bit' }).characters));
  });

  it('an escape that means nothing is left out, or a space at the end', () => {
    expect(decodeGsm7Unpacked(Uint8Array.of(0x1b, 0x41, 0x1b))).toBe('A ');
  });

  it('UCS-2 is big endian', () => expect([...encodeUcs2('aŻ😀')]).toEqual([0, 0x61, 0x01, 0x7b, 0xd8, 0x3d, 0xde, 0x00]));
});

describe('numbers', () => {
  it.each([
    ['+33600000000', '+33600000000'],
    ['0033600000000', '+33600000000'],
    ['33600000000', '+33600000000'],
    [' 33600000000', '+33600000000'],
    ['+33 6 00.00-00 00', '+33600000000'],
    ['+1 (202) 555-0100', '+12025550100'],
    ['+6834000', '+6834000'],
    ['+123456789012345', '+123456789012345'],
  ])('%j is %s', (raw, normalised) => expect(normaliseNumber(raw)).toBe(normalised));

  it.each(['', ' ', '+', '00', '0600000000', '+0600000000', '000336', '36184', '+1234567890123456', '++33600000000', '+33x00000000', 'KWOTA', '+3360000000٣'])(
    '%j is none',
    (raw) => expect(normaliseNumber(raw)).toBeUndefined(),
  );

  it('what is normalised stays as it is', () => {
    fc.assert(
      fc.property(fc.string(), (raw) => {
        const once = normaliseNumber(raw);
        expect(once === undefined || normaliseNumber(once) === once).toBe(true);
      }),
    );
  });
});
