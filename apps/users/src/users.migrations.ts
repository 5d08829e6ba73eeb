import { createOutboxTable } from '@kwota/service-kit/outbox';
import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';

const text = (name: string) => ({ name, type: 'text' });
const key = (name: string) => ({ ...text(name), isPrimary: true });
const integer = (name: string) => ({ name, type: 'integer' });

const tables = [
  new Table({ name: 'account', columns: [key('account'), text('description'), integer('version')] }),
  new Table({
    name: 'api_user',
    columns: [key('userId'), text('account'), text('login'), text('passwordHash'), text('ipRestrictions'), integer('version')],
    indices: [new TableIndex({ name: 'api_user_login', columnNames: ['account', 'login'], isUnique: true })],
  }),
  new Table({ name: 'sender', columns: [key('account'), key('sender'), text('description'), text('status'), integer('version')] }),
  new Table({ name: 'message_ids', columns: [{ ...integer('one'), isPrimary: true }, { name: 'next', type: 'bigint' }] }),
  new Table({
    name: 'consumer_key',
    columns: [
      { ...integer('credentialId'), isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
      { ...text('consumerKey'), isUnique: true },
      text('applicationKey'),
      text('sealedApplicationSecret'),
      text('accounts'),
      text('rules'),
    ],
  }),
  new Table({ name: 'oauth_client', columns: [key('clientId'), text('secretSha256'), text('accounts')] }),
  new Table({ name: 'operator_token', columns: [{ ...integer('one'), isPrimary: true }, text('tokenSha256')] }),
];

export class CreateUsersTables1795000000000 implements MigrationInterface {
  readonly name = 'CreateUsersTables1795000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of tables) await runner.createTable(table);
    await createOutboxTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { name } of [...tables, { name: 'outbox' }]) await runner.dropTable(name);
  }
}

/** Plain SQL: on SQLite TypeORM would copy the tables, row by row. The service of the version before runs on them: what is new has a default. */
const newColumns: readonly (readonly [table: string, column: string, type: string])[] = [
  ['api_user', 'messagesPerMinute', 'integer'],
  ['sender', 'reason', `text NOT NULL DEFAULT ''`],
  ['sender', 'comment', 'text'],
  ['sender', 'code', 'text'],
  ['sender', 'wrongCodes', 'integer NOT NULL DEFAULT 0'],
  ['consumer_key', 'ownerId', 'text'],
  ['consumer_key', 'status', `text NOT NULL DEFAULT 'validated'`],
  ['consumer_key', 'createdAtMs', 'bigint NOT NULL DEFAULT 0'],
  ['consumer_key', 'expiresAtMs', 'bigint'],
  ['consumer_key', 'lastUseAtMs', 'bigint'],
  ['consumer_key', 'allowedIps', `text NOT NULL DEFAULT '[]'`],
  ['consumer_key', 'tokenSha256', 'text'],
  ['consumer_key', 'redirection', 'text'],
  ['oauth_client', 'ownerId', 'text'],
  ['oauth_client', 'name', `text NOT NULL DEFAULT ''`],
  ['oauth_client', 'previousSecretSha256', 'text'],
  ['oauth_client', 'previousUntilMs', 'bigint'],
];

const optional = (name: string, type = 'text') => ({ name, type, isNullable: true });
const ownerTables = [
  new Table({ name: 'owner', columns: [key('ownerId'), text('email'), text('firstname'), text('name'), text('accounts'), optional('passwordHash')] }),
  new Table({
    name: 'application',
    columns: [
      { ...integer('applicationId'), isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
      { ...text('applicationKey'), isUnique: true },
      text('ownerId'),
      text('name'),
      text('description'),
      text('sealedSecret'),
      { name: 'secretChangedAtMs', type: 'bigint' },
      optional('previousSealedSecret'),
      optional('previousUntilMs', 'bigint'),
    ],
  }),
  new Table({ name: 'operator', columns: [key('name'), text('role'), { ...text('tokenSha256'), isUnique: true }] }),
];

/** Owners with several accounts, validated keys, operators with roles; senders that wait; limits of users. */
export class AddOwners1797000000000 implements MigrationInterface {
  readonly name = 'AddOwners1797000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, column, type] of newColumns) await runner.query(`ALTER TABLE ${table} ADD COLUMN "${column}" ${type}`);
    for (const table of ownerTables) await runner.createTable(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { name } of ownerTables) await runner.dropTable(name);
    for (const [table, column] of newColumns) await runner.query(`ALTER TABLE ${table} DROP COLUMN "${column}"`);
  }
}

const callTable = new Table({
  name: 'kept_call',
  columns: [key('callId'), text('bodyDigest'), optional('attemptId'), text('seed'), { name: 'firstAtMs', type: 'bigint' }, { name: 'claimedAtMs', type: 'bigint' }, optional('sealedAnswer')],
  indices: [new TableIndex({ name: 'kept_call_first', columnNames: ['firstAtMs'] })],
});

/** Calls under an idempotency key, and of which request an account is. */
export class KeepCalls1798000000000 implements MigrationInterface {
  readonly name = 'KeepCalls1798000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(callTable);
    await runner.query('ALTER TABLE account ADD COLUMN "requestId" text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable(callTable.name);
    await runner.query('ALTER TABLE account DROP COLUMN "requestId"');
  }
}
