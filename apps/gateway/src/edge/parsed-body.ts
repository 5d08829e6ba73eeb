import type { z } from 'zod';
import { badRequest } from '../v6/ovh-error.js';

/**
 * A body or a query by its schema, told in the words of the rest of the API.
 * @throws OvhError 400 that names the first field at fault and why, never its value.
 */
export const parsed = <Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> => {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  const issue = read.error.issues[0] as z.core.$ZodIssue;
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys] : issue.path;
  const field = path.join('.') || 'the body';
  if (issue.code === 'unrecognized_keys') throw badRequest(`${field} is not known`);
  const given = issue.path.reduce<unknown>((value, name) => (value as Record<PropertyKey, unknown> | undefined)?.[name], body);
  throw badRequest(`${field} ${given === undefined && path.length > 0 ? 'is required' : reasonOf(issue)}`);
};

const kinds: Readonly<Record<string, string>> = { string: 'a text', number: 'a number', int: 'a whole number', boolean: 'true or false', array: 'a list', object: 'an object', record: 'an object' };

const reasonOf = (issue: z.core.$ZodIssue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return sizeReason(issue.origin, { number: 'must not be less than', string: 'must be longer than or equal to', array: 'must contain at least' }, issue.minimum);
    case 'too_big':
      return sizeReason(issue.origin, { number: 'must not be greater than', string: 'must be shorter than or equal to', array: 'must contain no more than' }, issue.maximum);
    case 'invalid_value':
      return `must be one of the following values: ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return issue.format === 'regex' ? `must match ${issue.pattern}` : issue.message;
    default:
      return 'is not valid';
  }
};

const sizeReason = (origin: string, words: Readonly<{ number: string; string: string; array: string }>, limit: number | bigint): string => {
  if (origin === 'string') return `${words.string} ${limit} characters`;
  return origin === 'array' ? `${words.array} ${limit} elements` : `${words.number} ${limit}`;
};
