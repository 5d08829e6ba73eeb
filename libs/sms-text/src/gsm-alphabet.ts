// The default alphabet of GSM 03.38 (3GPP 23.038, 6.2.1) and its extension table, looked up by UTF-16 unit: a text is measured 10,000
// times a second, and a table costs less than a regexp.

const escape = 0x1b;
const questionMark = 0x3f;
const space = ' ';

/** Position = code; 0x1b is the escape, which stands for no character. */
const basicCharacters =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';

/** Code after the escape → character. */
const extensionCharacters: ReadonlyMap<number, string> = new Map([
  [0x0a, '\f'],
  [0x14, '^'],
  [0x28, '{'],
  [0x29, '}'],
  [0x2f, '\\'],
  [0x3c, '['],
  [0x3d, '~'],
  [0x3e, ']'],
  [0x40, '|'],
  [0x65, '€'],
]);

/** UTF-16 unit → septets that it takes: 0 is not in the alphabet, 1, or 2 with its escape. */
const septetsByUnit = new Uint8Array(0x10000);
const codeByUnit = new Uint8Array(0x10000);
for (let code = 0; code < basicCharacters.length; code += 1) {
  if (code === escape) continue;
  septetsByUnit[basicCharacters.charCodeAt(code)] = 1;
  codeByUnit[basicCharacters.charCodeAt(code)] = code;
}
for (const [code, character] of extensionCharacters) {
  septetsByUnit[character.charCodeAt(0)] = 2;
  codeByUnit[character.charCodeAt(0)] = code;
}

/** Septets of one UTF-16 unit, escape included; 0 when the alphabet has no such character. */
export const septetsOfUnit = (unit: number): number => septetsByUnit[unit] ?? 0;

/** Septets of the text, escapes included; -1 as soon as a character is not in the alphabet. */
export const septetsOf = (text: string): number => {
  let septets = 0;
  for (let index = 0; index < text.length; index += 1) {
    const own = septetsOfUnit(text.charCodeAt(index));
    if (own === 0) return -1;
    septets += own;
  }
  return septets;
};

/** The text with one `?` for each character that the alphabet does not have. */
export const withinGsmAlphabet = (text: string): string => {
  if (septetsOf(text) >= 0) return text;
  let result = '';
  for (const character of text) result += septetsOf(character) > 0 ? character : '?';
  return result;
};

/** One septet a byte, as SMPP carries data_coding 0; a character outside the alphabet becomes `?`. */
export const encodeGsm7Unpacked = (text: string): Uint8Array => {
  const sendable = withinGsmAlphabet(text);
  const bytes = new Uint8Array(septetsOf(sendable));
  let length = 0;
  for (let index = 0; index < sendable.length; index += 1) {
    const unit = sendable.charCodeAt(index);
    if (septetsOfUnit(unit) === 2) bytes[length++] = escape;
    bytes[length++] = codeByUnit[unit] ?? questionMark;
  }
  return bytes;
};

/** The inverse. After 3GPP 23.038 an escape before a code without an extension is as if it were not there, and one at the end is a space. */
export const decodeGsm7Unpacked = (bytes: Uint8Array): string => {
  let text = '';
  for (let index = 0; index < bytes.length; index += 1) {
    const code = (bytes[index] ?? 0) & 0x7f;
    if (code !== escape) {
      text += basicCharacters.charAt(code);
      continue;
    }
    index += 1;
    const escaped = bytes[index];
    text += escaped === undefined || escaped === escape ? space : (extensionCharacters.get(escaped) ?? basicCharacters.charAt(escaped & 0x7f));
  }
  return text;
};
