import type { RequestContract } from '@kwota/contracts/define-request';
import * as callsContracts from '@kwota/contracts/calls.requests.v1';
import * as ownersContracts from '@kwota/contracts/owners.requests.v1';
import * as sendersContracts from '@kwota/contracts/senders.requests.v1';
import * as usersContracts from '@kwota/contracts/users.requests.v1';
import { createRequire } from 'node:module';
import { usersUnderTest } from './users-under-test.js';

const contracts = { ...usersContracts, ...ownersContracts, ...sendersContracts, ...callsContracts };
const golden = createRequire(import.meta.url)('@kwota/contracts/golden/users.requests.json') as Record<string, { request: object }>;
const account = 'sms-kw00001-1';
const { facts, ask, sealing, messaging } = usersUnderTest();

const create = (userId: string, login: string, password: string) =>
  ask(contracts.createUser, { account, userId, login, sealedPassword: sealing().seal(password, userId) });
const authenticate = (login: string, password: string) =>
  ask(contracts.authenticateUser, { account, login, sealedPassword: sealing().seal(password, `${account}|${login}`) });

it('an account without a name gets the next free one, in OVH’s form', async () =>
  expect(await ask(contracts.createAccount, { requestId: 'r2', description: '' })).toEqual({ outcome: 'done', account: 'sms-kw00002-1', created: true }));

it('a user is created once, and its login is taken then', async () => {
  expect(await create('u-1', 'anna', 'Abcd1234')).toEqual({ outcome: 'done', userId: 'u-1' });
  expect(await create('u-1', 'anna', 'Abcd1234')).toEqual({ outcome: 'done', userId: 'u-1' });
  expect(await create('u-2', 'anna', 'Abcd1234')).toEqual({ outcome: 'refused', code: 'login-taken' });
});

it('the right password opens, a wrong one and an unknown login do not', async () => {
  expect(await authenticate('anna', 'Abcd1234')).toEqual({ outcome: 'done', userId: 'u-1', version: 1 });
  expect(await authenticate('anna', 'Abcd1235')).toEqual({ outcome: 'refused', code: 'bad-credentials' });
  expect(await authenticate('nobody', 'Abcd1234')).toEqual({ outcome: 'refused', code: 'bad-credentials' });
});

it('a change makes a new version, and the fact of it carries no password', async () => {
  const sealedPassword = sealing().seal('Efgh5678', 'u-1');
  expect(await ask(contracts.updateUser, { account, userId: 'u-1', sealedPassword, ipRestrictions: ['8.8.8.8'] })).toEqual({ outcome: 'done', version: 2 });
  expect(await authenticate('anna', 'Efgh5678')).toMatchObject({ outcome: 'done', version: 2 });
  await messaging().drain();
  expect(facts.at(-1)).toEqual({ type: 'UserChanged', account, userId: 'u-1', login: 'anna', ipRestrictions: ['8.8.8.8'], version: 2 });
  expect(JSON.stringify(facts)).not.toMatch(/Abcd1234|Efgh5678|argon2/);
});

it('a deleted user is gone, its fact is a tombstone, and its login is free for another userId', async () => {
  expect(await ask(contracts.deleteUser, { account, userId: 'u-1' })).toEqual({ outcome: 'done' });
  expect(await ask(contracts.deleteUser, { account, userId: 'u-1' })).toEqual({ outcome: 'done' });
  await messaging().drain();
  expect(facts.at(-1)).toBeNull();
  expect(await create('u-3', 'anna', 'Abcd1234')).toEqual({ outcome: 'done', userId: 'u-3' });
  expect(await ask(contracts.findUsers, { account, login: 'anna' })).toMatchObject({ users: [{ userId: 'u-3', ipRestrictions: [], version: 1 }] });
});

it('no message id is given twice, and later blocks lie above', async () => {
  const blocks = await Promise.all([1, 2, 3].map(() => ask(contracts.leaseMessageIds, { instanceId: 'gateway' })));
  const firsts = blocks.map(({ first }) => first).toSorted((one, other) => one - other);
  expect(firsts).toEqual([65_537, 131_073, 196_609]);
});

it.each([
  ['KWOTA', 'done'],
  ['+33600000004', 'done'],
  ['Kwota Parcels', 'refused'],
  ['<script>', 'refused'],
])('the sender %s: %s', async (sender, outcome) =>
  expect(await ask(contracts.declareSender, { account, sender, description: '' })).toMatchObject({ outcome }));

it('a consumer key gives back the sealed secret of its application; an unknown one is told apart', async () => {
  const sealedApplicationSecret = sealing().seal('secret', 'application-1');
  const rules = [{ method: 'GET', path: '/*' }];
  await ask(contracts.createApplication, { applicationKey: 'application-1', sealedApplicationSecret, consumerKey: 'consumer-1', accounts: [account], rules });
  expect(await ask(contracts.findCredential, { applicationKey: 'application-1', consumerKey: 'consumer-1' })).toMatchObject({ accounts: [account], rules, sealedApplicationSecret });
  expect(await ask(contracts.findCredential, { applicationKey: 'application-1', consumerKey: 'other' })).toEqual({ outcome: 'refused', code: 'consumer-key-unknown' });
  expect(await ask(contracts.findCredential, { applicationKey: 'other', consumerKey: 'other' })).toEqual({ outcome: 'refused', code: 'application-unknown' });
});

it.each(Object.keys(golden))('the golden request %s is answered', async (name) => {
  const contract = Object.values(contracts).find((one) => typeof one === 'object' && 'name' in one && one.name === name) as unknown as RequestContract<object, { outcome: string }>;
  const reply = await ask(contract, golden[name]?.request ?? {}).catch((error: Error) => error.message);
  // Golden examples are sealed under another key: what must be opened is told as failed, all else is answered.
  const mustBeOpened = JSON.stringify(golden[name]?.request).includes('s1.AAAA') && !['create-application', 'save-application', 'end-call'].includes(name);
  if (mustBeOpened) expect(reply).toBe(`users/${name}: failed`);
  else expect(reply).toMatchObject({ outcome: expect.stringMatching(/^(?:done|refused)$/) });
});
