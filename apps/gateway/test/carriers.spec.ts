import { connectorSettingsSchema } from '@kwota/contracts/carrier.requests.v1';
import { OvhError } from '../src/v6/ovh-error.js';
import { parsed } from '../src/edge/parsed-body.js';

const schema = connectorSettingsSchema.partial().strict();
const messageOf = (body: unknown): string => {
  try {
    parsed(schema, body);
    return '';
  } catch (error) {
    return error instanceof OvhError ? `${error.httpStatus} ${error.message}` : 'no OvhError';
  }
};

it.each([
  [{ weight: 1_001 }, /^400 weight must not be greater than 1000$/],
  [{ windowSize: 0 }, /^400 windowSize must not be less than 1$/],
  [{ prefixes: ['33', '+33'] }, /^400 prefixes\.1 must match /],
  [{ addresses: { short: { ton: 9, npi: 0 } } }, /^400 addresses\.\w+/],
  [{ wieght: 1 }, /^400 wieght is not known/],
  [{ bind: 'twice' }, /^400 bind must be one of the following values: \w+, /],
  [{ weight: 'much' }, /^400 weight must be a number$/],
  [{ weight: 1.5 }, /^400 weight must be a whole number$/],
  [{ prefixes: '33' }, /^400 prefixes must be a list$/],
  ['text', /^400 the body must be an object$/],
])('%j is refused by field, without its value', (body, expected) => expect(messageOf(body)).toMatch(expected));

it('what is missing is told as that', () => expect(() => parsed(connectorSettingsSchema, {})).toThrow(/^\w+ is required$/));

it('what is left out is left out', () => expect(parsed(schema, { bind: 'pair' })).toEqual({ bind: 'pair' }));
