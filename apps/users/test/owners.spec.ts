import * as owners from '@kwota/contracts/owners.requests.v1';
import * as users from '@kwota/contracts/users.requests.v1';
import { PasswordHashes } from '../src/authenticate-users/password-hashes.js';
import { statusAt, validationWithinMs } from '../src/manage-applications/credential-status.js';
import { usersUnderTest } from './users-under-test.js';

const { ask, sealing } = usersUnderTest();
const account = 'sms-kw00001-1';
const ownerId = 'kw1-kwota';
const applicationKey = 'application-1';
const rules = [{ method: 'GET', path: '/*' }];
const tokenSha256 = 'a'.repeat(64);
const hourMs = 3_600_000;
const seal = (secret: string, place: string): string => sealing().seal(secret, place);
const credential = (consumerKey: string) => ask(users.findCredential, { applicationKey, consumerKey });
const secretsOf = async (consumerKey: string): Promise<string[]> => {
  const found = await credential(consumerKey);
  if (found.outcome === 'refused') return [];
  return [found.sealedApplicationSecret, found.previousSealedApplicationSecret].flatMap((sealed) => (sealed === undefined ? [] : [sealing().open(sealed, applicationKey)]));
};

beforeAll(async () => {
  await ask(users.createAccount, { requestId: 'r2', account: 'sms-kw00002-1', description: '' });
  await ask(owners.saveOwner, { ownerId, accounts: [account], name: 'Kowalska', sealedPassword: seal('a long password', ownerId) });
  await ask(owners.saveApplication, { applicationKey, ownerId, name: 'Parcels', sealedApplicationSecret: seal('first secret', applicationKey) });
});

it('an owner has accounts that are there; what is left out of a change stays', async () => {
  expect(await ask(owners.saveOwner, { ownerId, accounts: ['sms-kw00007-1'] })).toEqual({ outcome: 'refused', code: 'account-unknown' });
  expect(await ask(owners.saveOwner, { ownerId, email: 'owner@example.org' })).toEqual({ outcome: 'done', created: false });
  expect(await ask(owners.listOwners, { ownerId })).toEqual({
    outcome: 'done',
    owners: [{ ownerId, email: 'owner@example.org', firstname: '', name: 'Kowalska', accounts: [account], hasPassword: true }],
  });
});

describe('a consumer key', () => {
  const validate = (password: string) =>
    ask(owners.validateCredential, { tokenSha256, ownerId, sealedPassword: seal(password, ownerId), granted: true, expiresAtMs: null });
  beforeAll(() => ask(owners.requestCredential, { applicationKey, consumerKey: 'consumer-1', tokenSha256, rules, redirection: 'https://example.org/', allowedIps: ['203.0.113.0/24'] }));

  it('is void until its owner validates it with his password', async () => {
    expect(await credential('consumer-1')).toEqual({ outcome: 'refused', code: 'consumer-key-unknown', void: true });
    expect(await credential('nobody-s-key')).toEqual({ outcome: 'refused', code: 'consumer-key-unknown' });
    expect(await ask(owners.findCredentialRequest, { tokenSha256 })).toMatchObject({ ownerId, applicationName: 'Parcels', rules, status: 'pendingValidation' });
    expect(await validate('a wrong password')).toEqual({ outcome: 'refused', code: 'bad-credentials' });
    expect(await credential('consumer-1')).toMatchObject({ outcome: 'refused' });
    expect(await validate('a long password')).toEqual({ outcome: 'done', redirection: 'https://example.org/' });
    expect(await credential('consumer-1')).toMatchObject({ outcome: 'done', accounts: [account], rules, ownerId, allowedIps: ['203.0.113.0/24'] });
    expect(await validate('a long password')).toEqual({ outcome: 'refused', code: 'credential-unknown' });
  });

  it('opens the accounts that its owner has now', async () => {
    await ask(owners.saveOwner, { ownerId, accounts: [account, 'sms-kw00002-1'] });
    expect(await credential('consumer-1')).toMatchObject({ accounts: [account, 'sms-kw00002-1'] });
  });

  it('a new secret and the one before are both good while they overlap', async () => {
    await ask(owners.saveApplication, { applicationKey, ownerId, sealedApplicationSecret: seal('second secret', applicationKey), overlapMs: hourMs });
    expect(await secretsOf('consumer-1')).toEqual(['second secret', 'first secret']);
    await ask(owners.saveApplication, { applicationKey, ownerId, sealedApplicationSecret: seal('third secret', applicationKey) });
    expect(await secretsOf('consumer-1')).toEqual(['third secret']);
  });

  it('is listed without the key, and void once it is revoked', async () => {
    const listed = await ask(owners.listCredentials, { ownerId });
    expect(listed.credentials).toEqual([expect.objectContaining({ applicationKey, ownerId, status: 'validated', lastUseAtMs: expect.any(Number) })]);
    expect(JSON.stringify(listed)).not.toContain('consumer-1');
    expect(await ask(owners.revokeCredential, { credentialId: listed.credentials[0]?.credentialId ?? 0 })).toEqual({ outcome: 'done' });
    expect(await ask(owners.revokeCredential, { credentialId: 999 })).toEqual({ outcome: 'refused', code: 'credential-unknown' });
    expect(await credential('consumer-1')).toMatchObject({ outcome: 'refused', void: true });
    expect((await ask(owners.listCredentials, { ownerId })).credentials).toMatchObject([{ status: 'expired' }]);
  });

  it('a repeated creation of an application is no second one, and none of another owner', async () => {
    await ask(owners.saveOwner, { ownerId: 'kw2-kwota' });
    expect(await ask(owners.saveApplication, { applicationKey, ownerId: 'kw2-kwota' })).toEqual({ outcome: 'refused', code: 'application-taken' });
    expect((await ask(owners.listApplications, { ownerId })).applications).toHaveLength(1);
  });
});

it.each([
  ['validated', 0, null, 'validated'],
  ['validated', 0, 5, 'expired'],
  ['pendingValidation', 10, null, 'pendingValidation'],
  ['pendingValidation', -validationWithinMs, null, 'expired'],
  ['refused', 0, 5, 'refused'],
] as const)('%s, made at %d, until %p is %s at 10', (status, createdAtMs, expiresAtMs, now) => expect(statusAt({ status, createdAtMs, expiresAtMs }, 10)).toBe(now));

it('an OAuth2 client has its owner’s accounts; its secrets overlap', async () => {
  const clientId = 'EU.0123456789abcdef';
  const opens = async (secret: string) => (await ask(users.authenticateOauthClient, { clientId, sealedClientSecret: seal(secret, clientId) })).outcome;
  await ask(owners.saveOauthClient, { clientId, ownerId, name: 'Parcels', sealedClientSecret: seal('one', clientId) });
  await ask(owners.saveOauthClient, { clientId, ownerId, sealedClientSecret: seal('two', clientId), overlapMs: hourMs });
  expect([await opens('one'), await opens('two'), await opens('three')]).toEqual(['done', 'done', 'refused']);
  expect(await ask(owners.deleteOauthClient, { clientId })).toEqual({ outcome: 'done' });
  expect(await ask(owners.deleteOauthClient, { clientId })).toEqual({ outcome: 'refused', code: 'client-unknown' });
  expect(await opens('two')).toBe('refused');
});

it('an application is deleted with its keys', async () => {
  await ask(owners.saveApplication, { applicationKey: 'application-9', ownerId, sealedApplicationSecret: seal('secret', 'application-9') });
  expect(await ask(owners.deleteApplication, { applicationKey: 'application-9' })).toEqual({ outcome: 'done' });
  expect(await ask(owners.deleteApplication, { applicationKey: 'application-9' })).toEqual({ outcome: 'refused', code: 'application-unknown' });
});

it('a deleted owner’s keys are void', async () => {
  expect(await ask(owners.deleteOwner, { ownerId })).toEqual({ outcome: 'done' });
  expect(await credential('consumer-1')).toEqual({ outcome: 'refused', code: 'application-unknown' });
  expect((await ask(owners.listApplications, { ownerId })).applications).toEqual([]);
});

it('an operator is known by his token, with his role; the first one is an admin', async () => {
  await ask(users.setOperatorToken, { tokenSha256: 'f'.repeat(64) });
  await ask(owners.saveOperator, { name: 'anna', role: 'auditor', tokenSha256: 'b'.repeat(64) });
  expect(await ask(owners.identifyOperator, { tokenSha256: 'f'.repeat(64) })).toEqual({ outcome: 'done', name: 'first', role: 'admin' });
  expect(await ask(owners.identifyOperator, { tokenSha256: 'b'.repeat(64) })).toEqual({ outcome: 'done', name: 'anna', role: 'auditor' });
  expect(await ask(owners.deleteOperator, { name: 'anna' })).toEqual({ outcome: 'done' });
  expect(await ask(owners.deleteOperator, { name: 'anna' })).toEqual({ outcome: 'refused', code: 'operator-unknown' });
  expect(await ask(owners.identifyOperator, { tokenSha256: 'b'.repeat(64) })).toEqual({ outcome: 'refused', code: 'operator-unknown' });
});

describe('passwords', () => {
  const hashes = new PasswordHashes();

  it('of a login that is not there are checked with the same work, and never right', async () => {
    const stored = await hashes.hash('Abcd1234');
    const took = async (known: string | undefined): Promise<number> => {
      const sinceMs = performance.now();
      expect(await hashes.verify(known, 'nobody has this password')).toBe(false);
      return performance.now() - sinceMs;
    };
    await took(undefined);
    const times = { known: 0, unknown: 0 };
    for (let round = 0; round < 10; round += 1) {
      times.unknown += await took(undefined);
      times.known += await took(stored);
    }
    // The work is milliseconds of argon2id; without it an unknown login would take a thousandth.
    expect(times.unknown).toBeGreaterThan(times.known / 5);
  }, 30_000);

  it('a right one is right, and lies as argon2id', async () => {
    const stored = await hashes.hash('Abcd1234');
    expect(stored).toMatch(/^\$argon2id\$/);
    expect(await hashes.verify(stored, 'Abcd1234')).toBe(true);
  });
});
