import { bigintArray, byteaArray, integerArray, textArray } from './binary-arrays.js';

/** As `array_send` of PostgreSQL gives it: dimensions, has nulls, type, length, lower bound, then length and bytes of each element. */
const header = (type: string, length: string): string => `00000001 00000000 ${type} ${length} 00000001`;

it.each([
  ['text', textArray(['a', '', 'ż']), `${header('00000019', '00000003')} 00000001 61 00000000 00000002 c5bc`],
  ['bytea', byteaArray([Buffer.from([0, 255]), Buffer.alloc(0)]), `${header('00000011', '00000002')} 00000002 00ff 00000000`],
  ['integer', integerArray([1, 65_536]), `${header('00000017', '00000002')} 00000004 00000001 00000004 00010000`],
  [
    'bigint',
    bigintArray([-1, 0, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER]),
    `${header('00000014', '00000004')} 00000008 ffffffffffffffff 00000008 0000000000000000 00000008 0000000100000005 00000008 001fffffffffffff`,
  ],
  ['text, empty', textArray([]), '00000000 00000000 00000019'],
])('%s as the server writes it', (_, array, expected) => expect(array.toString('hex')).toBe(expected.replaceAll(' ', '')));
