import { listCredentials, listOwners } from '@kwota/contracts/owners.requests.v1';
import { findSender } from '@kwota/contracts/senders.requests.v1';
import { authenticateOauthClient, createAccount, findCredential, findUsers } from '@kwota/contracts/users.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { outboxEntity } from '@kwota/service-kit/outbox';
import { run } from '@kwota/service-kit/sql';
import { createHash } from 'node:crypto';
import { CreateUsersTables1795000000000 } from '../src/users.migrations.js';
import { usersUnderTest } from './users-under-test.js';

const account = 'sms-kw00001-1';
const secretSha256 = createHash('sha256').update('client secret').digest('hex');

/** As the version before owners left it. */
const { ask, sealing } = usersUnderTest(async (location) => {
  const before = await ServiceDatabase.open({ location, schema: 'users', entities: [outboxEntity], migrations: [CreateUsersTables1795000000000] });
  await before.transaction(async (manager) => {
    await run(manager, `INSERT INTO account (account, description, version) VALUES (?, 'First', 1)`, [account]);
    await run(manager, `INSERT INTO api_user ("userId", account, login, "passwordHash", "ipRestrictions", version) VALUES ('u-1', ?, 'demo', 'x', '[]', 1)`, [account]);
    await run(manager, `INSERT INTO sender (account, sender, description, status, version) VALUES (?, 'KWOTA', '', 'enable', 1)`, [account]);
    await run(
      manager,
      `INSERT INTO consumer_key ("consumerKey", "applicationKey", "sealedApplicationSecret", accounts, rules) VALUES ('consumer-1', 'application-1', 'sealed', ?, '[{"method":"GET","path":"/*"}]')`,
      [JSON.stringify([account])],
    );
    await run(manager, `INSERT INTO oauth_client ("clientId", "secretSha256", accounts) VALUES ('EU.client-1', ?, ?)`, [secretSha256, JSON.stringify([account])]);
  });
  await before.close();
});

it('keys of a version without owners open what they opened', async () => {
  expect(await ask(findCredential, { applicationKey: 'application-1', consumerKey: 'consumer-1' })).toEqual({
    outcome: 'done',
    credentialId: 1,
    sealedApplicationSecret: 'sealed',
    accounts: [account],
    rules: [{ method: 'GET', path: '/*' }],
    allowedIps: [],
  });
  const sealedClientSecret = sealing().seal('client secret', 'EU.client-1');
  expect(await ask(authenticateOauthClient, { clientId: 'EU.client-1', sealedClientSecret })).toMatchObject({ outcome: 'done', accounts: [account] });
  expect((await ask(listCredentials, { credentialId: 1 })).credentials).toMatchObject([{ ownerId: null, status: 'validated', expiresAtMs: null }]);
  expect((await ask(listOwners, {})).owners).toEqual([]);
});

it('its users have no limit, its senders go on', async () => {
  expect(await ask(findUsers, { account, login: 'demo' })).toMatchObject({ users: [{ userId: 'u-1', messagesPerMinute: null }] });
  expect(await ask(findSender, { account, sender: 'KWOTA' })).toMatchObject({ status: 'enable', code: null, comment: null });
});

it('its accounts are known by name, and new ones are made', async () => {
  expect(await ask(createAccount, { requestId: 'r', account, description: '' })).toMatchObject({ account, created: false });
  expect(await ask(createAccount, { requestId: 'r2', description: '' })).toMatchObject({ account: 'sms-kw00002-1', created: true });
});
