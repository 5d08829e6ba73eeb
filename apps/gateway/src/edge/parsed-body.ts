import type { z } from 'zod';
import { badRequest } from '../v6/ovh-error.js';

/** What a text must look like, by its field; of a list, by the list's. */
export type Forms = Readonly<Record<string, string>>;

/**
 * A body or a query by its schema, told in the words of the rest of the API (check-input.ts).
 * @throws OvhError 400 that names every field at fault and why, never its value.
 */
export const parsed = <Schema extends z.ZodType>(schema: Schema, body: unknown, forms: Forms = {}): z.infer<Schema> => {
  const read = schema.safeParse(body);
  if (read.success) return read.data;
  throw badRequest(read.error.issues.flatMap((issue) => faultsOf(issue, body, forms)).join('; '));
};

const faultsOf = (issue: z.core.$ZodIssue, body: unknown, forms: Forms): string[] => {
  const field = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `${[field, key].filter(Boolean).join('.')} is not known`);
  const given = issue.path.reduce<unknown>((value, name) => (value as Record<PropertyKey, unknown> | undefined)?.[name], body);
  return given === undefined && field !== '' ? [`${field} is required`] : [`${field || 'the body'} ${reasonOf(issue, forms)}`];
};

const kinds: Readonly<Record<string, string>> = { string: 'a text', number: 'a number', int: 'a whole number', boolean: 'true or false', array: 'a list', object: 'an object', record: 'an object' };

const reasonOf = (issue: z.core.$ZodIssue, forms: Forms): string => {
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
      return formReason(issue, forms);
    default:
      return 'is not valid';
  }
};

const formReason = (issue: z.core.$ZodIssueInvalidStringFormat, forms: Forms): string => {
  const form = forms[String(issue.path[0])];
  if (form) return `must be ${form}`;
  return issue.format === 'regex' ? `must match ${issue.pattern}` : issue.message;
};

const sizeReason = (origin: string, words: Readonly<{ number: string; string: string; array: string }>, limit: number | bigint): string => {
  if (origin === 'string') return `${words.string} ${limit} characters`;
  return origin === 'array' ? `${words.array} ${limit} elements` : `${words.number} ${limit}`;
};
