import { StopDigest } from './stop-digest.js';
import { StopList } from './stop-list.js';

const digest = new StopDigest('a secret key of the installation');
const number = '+33600000004';
const keyOf = (account: string): string => `${account}|${digest.of(account, number)}`;

it('knows a number again for its account alone, until the tombstone', () => {
  const list = new StopList(digest);
  expect(list.apply(keyOf('sms-1'), true)).toBe('sms-1');
  expect([list.has('sms-1', number), list.has('sms-1', '+33600000005'), list.has('sms-2', number)]).toEqual([true, false, false]);
  expect(list.apply(keyOf('sms-1'), false)).toBeUndefined();
  expect(list.has('sms-1', number)).toBe(false);
});

it('the same number of two accounts, or under another key, cannot be told to be the same', () => {
  const digests = [digest.of('sms-1', number), digest.of('sms-2', number), new StopDigest('another secret key of 32 letters!').of('sms-1', number)];
  expect(new Set(digests).size).toBe(3);
});

it('what is no such key changes nothing', () => expect(new StopList(digest).apply('sms-1|account', true)).toBeUndefined());
