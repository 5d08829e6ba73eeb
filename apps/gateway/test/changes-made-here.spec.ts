import type { UserChanged } from '@kwota/contracts/users.v1';
import { ServiceUnavailable } from '@kwota/service-kit/request-client';
import { ChangesMadeHere } from '../src/known-users/changes-made-here.js';
import { KnownUsers } from '../src/known-users/known-users.projection.js';

const account = 'sms-kw00001-1';
const key = `${account}|user:u-1`;
const user = (version: number, ipRestrictions: string[] = []): UserChanged => ({ type: 'UserChanged', account, userId: 'u-1', login: 'demo', version, ipRestrictions });
let changes: ChangesMadeHere;
let known: KnownUsers;
let voided: string[];
beforeEach(() => {
  changes = new ChangesMadeHere();
  known = new KnownUsers(changes);
  known.isWhole = true;
  voided = [];
  known.onUserChange((userId) => voided.push(userId));
  known.apply(key, user(1));
  voided.length = 0;
});

it('a change answered here holds at once, and voids the remembered password', () => {
  changes.tell({ kind: 'user', account, user: user(2, ['8.8.8.8']) });
  expect(known.user(account, 'demo')).toMatchObject({ version: 2, ipRestrictions: ['8.8.8.8'] });
  expect(voided).toContain('u-1');
});

it('a fact that lags behind it changes nothing', () => {
  changes.tell({ kind: 'user', account, user: user(3, ['8.8.8.8']) });
  known.apply(key, user(2));
  expect(known.user(account, 'demo')).toMatchObject({ version: 3 });
});

it('a user deleted here is gone at once, whatever lags behind, and its login is free again', () => {
  changes.tell({ kind: 'user-ended', account, userId: 'u-1' });
  expect(known.user(account, 'demo')).toBeUndefined();
  known.apply(key, user(2));
  expect(known.user(account, 'demo')).toBeUndefined();
  changes.tell({ kind: 'user', account, user: { ...user(1), userId: 'u-2' } });
  known.apply(key, undefined);
  expect(known.user(account, 'demo')).toMatchObject({ userId: 'u-2' });
});

it('a sender declared here may be used at once; what the facts say of it goes before', () => {
  changes.tell({ kind: 'sender', account, sender: 'Shop' });
  expect(known.declaredSender(account, 'SHOP')).toBe('SHOP');
  known.apply(`${account}|sender:Shop`, { type: 'SenderChanged', account, sender: 'Shop', status: 'disable', version: 1 });
  changes.tell({ kind: 'sender', account, sender: 'Shop' });
  expect(known.declaredSender(account, 'Shop')).toBeUndefined();
});

it('a sender validated here may be used at once, and one taken away no more, whatever lags behind', () => {
  const senderKey = `${account}|sender:Shop`;
  known.apply(senderKey, { type: 'SenderChanged', account, sender: 'Shop', status: 'waitingValidation', version: 1 });
  changes.tell({ kind: 'sender-changed', account, sender: 'Shop', status: 'enable', version: 2 });
  expect(known.declaredSender(account, 'Shop')).toBe('Shop');
  changes.tell({ kind: 'sender-ended', account, sender: 'Shop' });
  known.apply(senderKey, { type: 'SenderChanged', account, sender: 'Shop', status: 'enable', version: 2 });
  expect(known.declaredSender(account, 'Shop')).toBeUndefined();
  known.apply(senderKey, undefined);
  known.apply(senderKey, { type: 'SenderChanged', account, sender: 'Shop', status: 'enable', version: 1 });
  expect(known.declaredSender(account, 'Shop')).toBe('Shop');
});

it('before all of them are read nobody is told that a user is unknown', () => {
  known.isWhole = false;
  expect(() => known.user(account, 'demo')).toThrow(ServiceUnavailable);
  expect(() => known.declaredSender(account, 'Shop')).toThrow(ServiceUnavailable);
});

it('HTTP and HTTPS hear of the same changes', () => {
  const other = new KnownUsers(changes);
  other.isWhole = true;
  changes.tell({ kind: 'user', account, user: user(2) });
  expect(other.user(account, 'demo')).toMatchObject({ version: 2 });
});

it('a number is the declared sender in any spelling, and goes out as it was declared; a disabled one in none', () => {
  changes.tell({ kind: 'sender', account, sender: '+33203040506' });
  for (const given of ['+33203040506', '0033203040506', ' 33203040506', '33 2 03 04 05 06']) expect(known.declaredSender(account, given)).toBe('+33203040506');
  expect(known.declaredSender(account, '0033203040507')).toBeUndefined();
  expect(known.declaredSender('sms-other-1', '+33203040506')).toBeUndefined();
  known.apply(`${account}|sender:+33203040506`, { type: 'SenderChanged', account, sender: '+33203040506', status: 'disable', version: 1 });
  expect(known.declaredSender(account, '0033203040506')).toBeUndefined();
});
