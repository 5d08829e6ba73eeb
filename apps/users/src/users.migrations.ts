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
