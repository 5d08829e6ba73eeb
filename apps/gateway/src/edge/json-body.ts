/** Why a JSON body is refused before anybody reads its fields. */
const depthMax = 20;

/** The bytes as UTF-8 text, or undefined where they are none. */
const textOf = (bytes: Buffer): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

/**
 * A body to its object, or what is wrong with it. NUL and halves of surrogate pairs are refused everywhere: databases cut a text at the
 * first, UTF-8 has no form for the second.
 */
export const readJsonObject = (bytes: Buffer): { body: object } | { fault: string } => {
  const text = textOf(bytes);
  if (text === undefined) return { fault: 'the body is not UTF-8' };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { fault: 'the body is not JSON' };
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { fault: 'the body must be a JSON object' };
  const fault = faultIn(body);
  return fault === undefined ? { body } : { fault };
};

/** The first text in it that cannot be stored as it is; without recursion, since the depth is the sender's choice. */
const faultIn = (root: object): string | undefined => {
  const waiting: { value: unknown; path: readonly string[] }[] = [{ value: root, path: [] }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { value, path } = next;
    if (typeof value === 'string' && !isStorableText(value)) return `${path.join('.')} must not hold NUL or half of a surrogate pair`;
    if (typeof value !== 'object' || value === null) continue;
    if (path.length >= depthMax) return `the body is nested deeper than ${depthMax} levels`;
    for (const [name, inner] of Object.entries(value)) waiting.push({ value: inner, path: [...path, name] });
  }
  return undefined;
};

const halfSurrogate = /\p{Surrogate}/u;
export const isStorableText = (text: string): boolean => !text.includes('\0') && !halfSurrogate.test(text);
