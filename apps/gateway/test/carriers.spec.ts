import { connectorSettingsSchema } from '@kwota/contracts/carrier.requests.v1';
import { OvhError } from '../src/v6/ovh-error.js';
import { parsed } from '../src/manage-carriers/carriers.client.js';

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
  [{ weight: 1_001 }, /^400 weight is not valid/],
  [{ windowSize: 0 }, /^400 windowSize is not valid/],
  [{ prefixes: ['33', '+33'] }, /^400 prefixes\.1 is not valid/],
  [{ addresses: { short: { ton: 9, npi: 0 } } }, /^400 addresses\.\w+/],
  [{ wieght: 1 }, /^400 wieght is not known/],
  ['text', /^400 the body is not valid/],
])('%j is refused by field, without its value', (body, expected) => expect(messageOf(body)).toMatch(expected));

it('what is missing is told as that', () => expect(() => parsed(connectorSettingsSchema, {})).toThrow(/^\w+ is required$/));

it('what is left out is left out', () => expect(parsed(schema, { bind: 'pair' })).toEqual({ bind: 'pair' }));
