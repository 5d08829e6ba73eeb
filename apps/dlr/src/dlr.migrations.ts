import { createEpochTable } from '@kwota/service-kit/epoch-lock';
import { createOutboxTable } from '@kwota/service-kit/outbox';
import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { callbackState } from './send-callbacks/callback-queue.repository.js';

const text = (name: string) => ({ name, type: 'text' });
const optionalText = (name: string) => ({ ...text(name), isNullable: true });
const integer = (name: string) => ({ name, type: 'integer' });
/** Times in milliseconds, message ids and milli-credits do not fit PostgreSQL's integer. */
const bigint = (name: string) => ({ name, type: 'bigint' });
const optionalBigint = (name: string) => ({ ...bigint(name), isNullable: true });

const tables = [
  new Table({
    name: 'message',
    columns: [
      { ...bigint('messageId'), isPrimary: true },
      text('account'),
      optionalText('userId'),
      text('receiver'),
      text('sender'),
      text('text'),
      text('tag'),
      integer('parts'),
      bigint('creditsMilli'),
      bigint('acceptedAtMs'),
      optionalBigint('deferredUntilMs'),
      bigint('validUntilMs'),
      text('partStates'),
      integer('ptt'),
      integer('dlr'),
      integer('final'),
      integer('silent'),
      integer('submitted'),
      integer('sequence'),
      optionalBigint('submittedAtMs'),
      optionalBigint('deliveredAtMs'),
      // 1: its sender took it out of the history; a receipt may still correct its state.
      integer('hidden'),
    ],
    indices: [
      new TableIndex({ name: 'message_history', columnNames: ['account', 'messageId'] }),
      // Partial: they hold only what is under way, however long the history is.
      new TableIndex({ name: 'message_pending', columnNames: ['account', 'messageId'], where: 'final = 0' }),
      new TableIndex({ name: 'message_validity', columnNames: ['validUntilMs'], where: 'final = 0' }),
    ],
    withoutRowid: true,
  }),
  new Table({
    name: 'early_receipt',
    columns: [
      { ...integer('id'), isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
      bigint('messageId'),
      text('receipt'),
      bigint('receivedAtMs'),
    ],
    indices: [new TableIndex({ name: 'early_receipt_message', columnNames: ['messageId'] })],
  }),
  new Table({
    name: 'callback',
    columns: [
      { ...bigint('messageId'), isPrimary: true },
      { ...integer('sequence'), isPrimary: true },
      text('origin'),
      text('url'),
      integer('ptt'),
      integer('dlr'),
      integer('final'),
      bigint('atMs'),
      integer('state'),
      bigint('nextAttemptAtMs'),
      // JSON: [[atMs, status or null, reason or null], …]
      text('attempts'),
    ],
    indices: [
      new TableIndex({ name: 'callback_due', columnNames: ['origin', 'nextAttemptAtMs'], where: `state = ${callbackState.waiting}` }),
      new TableIndex({ name: 'callback_taken', columnNames: ['state'], where: `state = ${callbackState.taken}` }),
    ],
    withoutRowid: true,
  }),
  new Table({
    name: 'callback_setting',
    columns: [
      { ...text('account'), isPrimary: true },
      // Empty: the account itself.
      { ...text('userId'), isPrimary: true },
      optionalText('callBack'),
      optionalText('stopCallBack'),
    ],
  }),
];

export class CreateDlrTables1795000000000 implements MigrationInterface {
  readonly name = 'CreateDlrTables1795000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of tables) await runner.createTable(table, false, false, true);
    await createOutboxTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { name } of [...tables, { name: 'outbox' }]) await runner.dropTable(name);
  }
}

/** Who has a callback in memory: several dlrs on one database. What an earlier version had taken has epoch 0, which nobody is. */
export class AddInstanceEpochs1796000000000 implements MigrationInterface {
  readonly name = 'AddInstanceEpochs1796000000000';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL: on SQLite TypeORM would copy the table, row by row.
    await runner.query('ALTER TABLE callback ADD COLUMN epoch integer NOT NULL DEFAULT 0');
    await createEpochTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE callback DROP COLUMN epoch');
    await runner.dropTable('instance_epoch');
  }
}

/** How callbacks are sent, whose they are, endpoints that fail, and the switch that holds all of them back. */
export class AddCallbackDelivery1797000000000 implements MigrationInterface {
  readonly name = 'AddCallbackDelivery1797000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE callback ADD COLUMN "attemptsBefore" integer NOT NULL DEFAULT 0');
    await runner.query(`ALTER TABLE callback ADD COLUMN account text NOT NULL DEFAULT ''`);
    await runner.query('ALTER TABLE callback ADD COLUMN "userId" text');
    await runner.query(`CREATE INDEX callback_dead ON callback ("atMs") WHERE state = ${callbackState.dead}`);
    for (const table of deliveryTables) await runner.createTable(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { name } of deliveryTables) await runner.dropTable(name);
    await runner.query('DROP INDEX callback_dead');
    for (const column of ['"attemptsBefore"', 'account', '"userId"']) await runner.query(`ALTER TABLE callback DROP COLUMN ${column}`);
  }
}

const deliveryTables = [
  new Table({
    name: 'callback_delivery',
    columns: [
      { ...text('account'), isPrimary: true },
      // Empty: the account itself.
      { ...text('userId'), isPrimary: true },
      text('format'),
      optionalText('sealedSecret'),
      optionalText('sealedPrevious'),
      optionalBigint('previousUntilMs'),
    ],
  }),
  new Table({
    name: 'callback_endpoint',
    columns: [{ ...text('url'), isPrimary: true }, bigint('failingSinceMs'), bigint('lastFailureAtMs'), integer('toldPercent')],
  }),
  new Table({ name: 'dlr_switch', columns: [{ ...integer('one'), isPrimary: true }, integer('paused')] }),
];

/** Messages from phones, what is done for them, and numbers that want no more. */
export class AddIncoming1799000000000 implements MigrationInterface {
  readonly name = 'AddIncoming1799000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of incomingTables) await runner.createTable(table, false, false, true);
    // For the message that a phone answers.
    await runner.query('CREATE INDEX message_receiver ON message (receiver, "messageId")');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX message_receiver');
    for (const { name } of incomingTables) await runner.dropTable(name);
  }
}

/** Shown with the message; null where its sender named none. */
export class AddPriority1800000000000 implements MigrationInterface {
  readonly name = 'AddPriority1800000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE message ADD COLUMN priority text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE message DROP COLUMN priority');
  }
}

const generatedId = { ...integer('id'), isPrimary: true, isGenerated: true, generationStrategy: 'increment' as const };
const incomingTables = [
  new Table({
    name: 'incoming',
    columns: [
      generatedId,
      { ...text('incomingId'), isUnique: true },
      // Empty: it answers nobody.
      text('account'),
      optionalText('userId'),
      optionalBigint('messageId'),
      text('phone'),
      text('sentTo'),
      text('text'),
      text('tag'),
      bigint('receivedAtMs'),
    ],
    indices: [new TableIndex({ name: 'incoming_account', columnNames: ['account', 'id'] })],
  }),
  new Table({
    name: 'stop_number',
    columns: [{ ...text('account'), isPrimary: true }, { ...text('number'), isPrimary: true }, bigint('sinceMs'), optionalBigint('messageId')],
  }),
  new Table({ name: 'sms_response', columns: [{ ...text('account'), isPrimary: true }, text('responseType'), optionalText('text'), optionalText('cgiUrl')] }),
  new Table({
    name: 'incoming_call',
    columns: [generatedId, text('kind'), text('account'), text('target'), integer('attempts'), integer('state'), bigint('dueAtMs'), bigint('createdAtMs')],
    indices: [new TableIndex({ name: 'incoming_call_due', columnNames: ['dueAtMs'], where: 'state = 0' })],
  }),
];
