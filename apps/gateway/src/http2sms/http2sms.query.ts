/**
 * A query string or form body to its parameters. Scripts write them in UTF-8 or, old ones, in ISO-8859-1: what is no UTF-8 is read as the
 * latter, in the superset that browsers and clients mean by it (WHATWG Encoding: windows-1252, which has the euro sign).
 *
 * `text` has one character for each byte (Node's URLs, a body read as latin1). `charset` is what a content type declares, and goes before a guess.
 */
export const readForm = (text: string, charset?: string): URLSearchParams => {
  const escaped = beyondAscii.test(text) ? text.replaceAll(everyBeyondAscii, (byte) => `%${byte.charCodeAt(0).toString(16)}`) : text;
  const declared = charset === undefined ? undefined : decoderOf(charset);
  if (declared) return decodeBy(declared, escaped);
  const asUtf8 = new URLSearchParams(escaped);
  for (const value of asUtf8.values()) if (value.includes('\uFFFD') && !isUtf8(escaped)) return decodeBy(asWindows1252, escaped);
  return asUtf8;
};

/** A body, as a form whatever its content type says; `multipart/form-data` is what PHP's curl and curl's -F make of one. Empty where it is none. */
export const readBody = async (body: Buffer, contentType: string): Promise<URLSearchParams> => {
  if (!/^\s*multipart\/form-data\b/i.test(contentType)) return readForm(body.toString('latin1'), charsetOf(contentType));
  try {
    // Read as if each byte were a character, so that which characters they are is decided as for any other form.
    const bytes = Buffer.from(body.toString('latin1'));
    const fields = await new Response(bytes, { headers: { 'content-type': contentType } }).formData();
    const pairs = [...fields].flatMap(([name, value]) => (typeof value === 'string' ? [`${escapeBytes(name)}=${escapeBytes(value)}`] : []));
    return readForm(pairs.join('&'));
  } catch {
    return new URLSearchParams();
  }
};

/** One character for each byte. */
const escapeBytes = (text: string): string => text.replaceAll(/[^A-Za-z0-9]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);

const beyondAscii = /[\u0080-\u00ff]/;
const everyBeyondAscii = /[\u0080-\u00ff]/g;

/** `%XX` and `+` undone, byte by byte. */
const bytesOf = (escaped: string): Buffer =>
  Buffer.from(
    escaped.replaceAll('+', ' ').replaceAll(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );

type Decode = (bytes: Buffer) => string;

const decodeBy = (decode: Decode, escaped: string): URLSearchParams => {
  const decoded = new URLSearchParams();
  for (const pair of escaped.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const [name, value] = equals === -1 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    decoded.append(decode(bytesOf(name)), decode(bytesOf(value)));
  }
  return decoded;
};

/** A replacement character that was sent as such is UTF-8. */
const isUtf8 = (escaped: string): boolean => {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(escaped));
    return true;
  } catch {
    return false;
  }
};

/** 0x80 to 0x9f of windows-1252; the five without a character stay controls. */
const windows1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';
/** Node 20's own decoder of that name knows ISO-8859-1 alone. */
const asWindows1252: Decode = (bytes) => bytes.toString('latin1').replaceAll(/[\u0080-\u009f]/g, (unit) => windows1252.charAt(unit.charCodeAt(0) - 0x80));

/** Undefined for UTF-8, which is the rule, and for what nobody knows. */
const decoderOf = (charset: string): Decode | undefined => {
  try {
    const decoder = new TextDecoder(charset);
    if (decoder.encoding === 'utf-8') return undefined;
    return decoder.encoding === 'windows-1252' ? asWindows1252 : (bytes) => decoder.decode(bytes);
  } catch {
    return undefined;
  }
};

/** `charset` of a content type, as in `application/x-www-form-urlencoded; charset=ISO-8859-1`. */
export const charsetOf = (contentType: string): string | undefined => /;\s*charset="?([\w.:-]+)"?/i.exec(contentType)?.[1];
