/** UTF-16, big endian: what SMPP carries as data_coding 8. A character outside the basic plane goes as its two surrogates. */
export const encodeUcs2 = (text: string): Uint8Array => {
  const bytes = new Uint8Array(text.length * 2);
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    bytes[2 * index] = unit >> 8;
    bytes[2 * index + 1] = unit & 0xff;
  }
  return bytes;
};

/** The inverse; an odd last byte is left out. */
export const decodeUcs2 = (bytes: Uint8Array): string => {
  let text = '';
  for (let index = 0; index + 1 < bytes.length; index += 2) text += String.fromCharCode(((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0));
  return text;
};
