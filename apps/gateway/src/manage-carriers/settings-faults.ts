import type { z } from 'zod';

/** What a text must look like, by its field; of a list, by the list's. */
const forms: Readonly<Record<string, string>> = {
  name: '1 to 32 small letters, digits and hyphens, a letter or a digit first',
  prefixes: '1 to 15 digits, without +',
};

const kinds: Readonly<Record<string, string>> = { int: 'a whole number', number: 'a number', string: 'a text', boolean: 'true or false', array: 'a list', object: 'an object' };
const unitOf = (origin: string): string => (origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '');

const reasonOf = (issue: z.core.$ZodIssue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return `must be at least ${issue.minimum}${unitOf(issue.origin)}`;
    case 'too_big':
      return `must be at most ${issue.maximum}${unitOf(issue.origin)}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return `must be ${forms[String(issue.path[0])] ?? 'in its form'}`;
    default:
      return 'is not valid';
  }
};

/** Each fault with its field, never its value, as bodies with DTOs tell theirs (edge/check-input.ts). */
export const faultsOf = ({ issues }: z.core.$ZodError, body: unknown): string =>
  issues
    .flatMap((issue) => {
      const field = issue.path.map(String).join('.');
      if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `${[field, key].filter(Boolean).join('.')} is not known`);
      const given = issue.path.reduce<unknown>((value, name) => (value as Record<PropertyKey, unknown> | undefined)?.[name], body);
      return given === undefined && field !== '' ? [`${field} is required`] : [`${field || 'the body'} ${reasonOf(issue)}`];
    })
    .join('; ');
