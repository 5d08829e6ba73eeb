import type { JsonSchema } from './json-schema.js';
import type { PublishedContract } from './published-contracts.js';

/**
 * What of a contract a reader or a writer of the published version could not live with, as sentences; none means that both may run at once.
 * Within a version a message or an optional field may be added. All else is a new topic (DESIGN §5).
 */
export const incompatibilities = (published: PublishedContract, current: PublishedContract | undefined): readonly string[] =>
  Object.entries(published.messages).flatMap(([type, schema]) => {
    const now = current?.messages[type];
    return now ? ofSchema(type, schema, now) : [`${type} is gone`];
  });

const ofSchema = (path: string, published: JsonSchema, current: JsonSchema): readonly string[] => {
  const [publishedAlternatives, currentAlternatives] = [published.oneOf ?? published.anyOf, current.oneOf ?? current.anyOf];
  if (publishedAlternatives && currentAlternatives) return ofAlternatives(path, publishedAlternatives, currentAlternatives);
  if (published.properties && current.properties) return ofObject(path, published, current);
  if (published.items && current.items) {
    const { items: publishedItem, ...publishedArray } = published;
    const { items: currentItem, ...currentArray } = current;
    return [...ofSchema(`${path}[]`, publishedItem, currentItem), ...ofLeaf(path, publishedArray, currentArray)];
  }
  return ofLeaf(path, published, current);
};

const ofObject = (path: string, published: JsonSchema, current: JsonSchema): readonly string[] => {
  const [requiredBefore, requiredNow] = [new Set(published.required), new Set(current.required)];
  const kept = Object.entries(published.properties ?? {}).flatMap(([field, schema]) => {
    const now = current.properties?.[field];
    if (!now) return [`${path}.${field} is gone`];
    const becomes = requiredNow.has(field) ? 'required' : 'optional';
    const required = requiredBefore.has(field) === requiredNow.has(field) ? [] : [`${path}.${field} has become ${becomes}`];
    return [...required, ...ofSchema(`${path}.${field}`, schema, now)];
  });
  const added = Object.keys(current.properties ?? {}).filter((field) => !published.properties?.[field] && requiredNow.has(field));
  return [...kept, ...added.map((field) => `${path}.${field} is new and required`)];
};

/** Each published alternative needs one that it is compatible with; and none may be new, as readers could not tell it apart. */
const ofAlternatives = (path: string, published: readonly JsonSchema[], current: readonly JsonSchema[]): readonly string[] => {
  const fits = (before: JsonSchema, now: JsonSchema) => ofSchema(path, before, now).length === 0;
  const changed = published.some((before) => !current.some((now) => fits(before, now)));
  const added = current.some((now) => !published.some((before) => fits(before, now)));
  return [...(changed ? [`${path}: an alternative has changed or is gone`] : []), ...(added && !changed ? [`${path}: an alternative is new`] : [])];
};

const ofLeaf = (path: string, published: JsonSchema, current: JsonSchema): readonly string[] =>
  canonical(published) === canonical(current) ? [] : [`${path} has changed`];

/** JSON text that does not depend on the order of an object's fields. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  );
