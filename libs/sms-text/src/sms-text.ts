export { encodeGsm7Unpacked, decodeGsm7Unpacked } from './gsm-alphabet.js';
export { encodeUcs2, decodeUcs2 } from './ucs2.js';
export * from './text-parts.js';
export * from './phone-number.js';
