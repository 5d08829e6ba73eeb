import { connectorSettingsSchema } from '@kwota/contracts/carrier.requests.v1';
import { OvhError } from '../src/v6/ovh-error.js';
import { parsed } from '../src/edge/parsed-body.js';
import { forms } from '../src/manage-carriers/carriers.client.js';

const address = { ton: 1, npi: 1 };
const defaultAddresses = { alphanumeric: address, short: address, international: address, receiver: address };
const schema = connectorSettingsSchema.partial().strict();
const messageOf = (body: unknown): string => {
  try {
    parsed(schema, body, forms);
    return '';
  } catch (error) {
    return error instanceof OvhError ? `${error.httpStatus} ${error.message}` : 'no OvhError';
  }
};

it.each([
  [{ weight: 1_001 }, 'weight must not be greater than 1000'],
  [{ windowSize: 0 }, 'windowSize must not be less than 1'],
  [{ windowSize: 1.5 }, 'windowSize must be a whole number'],
  [{ windowSize: 'ten' }, 'windowSize must be a number'],
  [{ bind: 'both' }, 'bind must be one of the following values: transceiver, pair'],
  [{ priorityFlag: 'high' }, 'priorityFlag must be one of the following values: mapped, none'],
  [{ systemType: 'a'.repeat(13) }, 'systemType must be shorter than or equal to 12 characters'],
  [{ prefixes: '33' }, 'prefixes must be a list'],
  [{ prefixes: ['33', '+33'] }, 'prefixes.1 must be 1 to 15 digits, without +'],
  [{ addresses: { ...defaultAddresses, short: { ton: 9, npi: 0 } } }, 'addresses.short.ton must not be greater than 6'],
  [{ addresses: { ...defaultAddresses, short: { ton: 1 } } }, 'addresses.short.npi is required'],
  [{ wieght: 1 }, 'wieght is not known'],
  [{ wieght: 1, weight: -1, bind: null }, 'bind must be one of the following values: transceiver, pair; weight must not be less than 0; wieght is not known'],
  ['text', 'the body must be an object'],
])('%j is refused by every field at fault, without its value', (body, expected) => expect(messageOf(body)).toBe(`400 ${expected}`));

it('a list that is too long is told by its length', () => {
  expect(messageOf({ prefixes: Array.from({ length: 1_001 }, () => '33') })).toBe('400 prefixes must contain no more than 1000 elements');
});

it('what is missing is told as that', () => expect(() => parsed(connectorSettingsSchema.pick({ bind: true, weight: true }), {})).toThrow('bind is required; weight is required'));

it('what is left out is left out', () => expect(parsed(schema, { bind: 'pair' })).toEqual({ bind: 'pair' }));
