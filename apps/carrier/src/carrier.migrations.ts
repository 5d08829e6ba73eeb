import { createEpochTable } from '@kwota/service-kit/epoch-lock';
import { createOutboxTable } from '@kwota/service-kit/outbox';
import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { environmentConnector } from './connectors/connectors.repository.js';
import { partState } from './parts.repository.js';
import { keyColumn } from './receive-receipts/smsc-id.js';

const text = (name: string) => ({ name, type: 'text' });
const optionalText = (name: string) => ({ ...text(name), isNullable: true });
const integer = (name: string) => ({ name, type: 'integer' });
const optionalInteger = (name: string) => ({ ...integer(name), isNullable: true });
/** Times in milliseconds and message ids do not fit PostgreSQL's integer. */
const bigint = (name: string) => ({ name, type: 'bigint' });

const tables = [
  new Table({
    name: 'part',
    columns: [
      { ...bigint('messageId'), isPrimary: true },
      { ...integer('part'), isPrimary: true },
      integer('parts'),
      text('account'),
      text('receiver'),
      text('sender'),
      // Erased as soon as the part is submitted or will never be.
      optionalText('text'),
      text('coding'),
      optionalInteger('messageClass'),
      bigint('dueAtMs'),
      bigint('validUntilMs'),
      integer('state'),
      integer('epoch'),
      integer('attempts'),
      optionalText('connector'),
      optionalText('smscId'),
    ],
    indices: [
      // Partial: they hold only what waits, however many finished parts are kept.
      new TableIndex({ name: 'part_due', columnNames: ['dueAtMs'], where: `state = ${partState.queued}` }),
      new TableIndex({ name: 'part_validity', columnNames: ['validUntilMs'], where: `state = ${partState.queued}` }),
      new TableIndex({ name: 'part_claimed', columnNames: ['epoch'], where: `state = ${partState.claimed}` }),
      new TableIndex({ name: 'part_unanswered', columnNames: ['validUntilMs'], where: `state = ${partState.unanswered}` }),
      new TableIndex({ name: 'part_smsc_id', columnNames: ['smscId'], where: '"smscId" IS NOT NULL' }),
    ],
    withoutRowid: true,
  }),
  new Table({
    name: 'early_receipt',
    columns: [
      { ...integer('id'), isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
      text('connector'),
      text('smscId'),
      optionalText('stat'),
      optionalText('err'),
      optionalInteger('messageState'),
      bigint('receivedAtMs'),
    ],
    indices: [new TableIndex({ name: 'early_receipt_smsc_id', columnNames: ['smscId'] })],
  }),
  new Table({ name: 'carrier_epoch', columns: [{ ...integer('one'), isPrimary: true }, integer('epoch')] }),
];

export class CreateCarrierTables1795000000000 implements MigrationInterface {
  readonly name = 'CreateCarrierTables1795000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of tables) await runner.createTable(table, false, false, true);
    await createOutboxTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { name } of [...tables, { name: 'outbox' }]) await runner.dropTable(name);
  }
}

/** Epochs that tell who lives, instead of a count of starts: several carriers on one database. */
export class CreateInstanceEpochs1796000000000 implements MigrationInterface {
  readonly name = 'CreateInstanceEpochs1796000000000';

  async up(runner: QueryRunner): Promise<void> {
    const [row] = await runner.query('SELECT epoch FROM carrier_epoch');
    await createEpochTable(runner, Number(row?.epoch ?? 0));
    await runner.dropTable('carrier_epoch');
  }

  async down(runner: QueryRunner): Promise<void> {
    const [row] = await runner.query('SELECT MAX(epoch) AS epoch FROM instance_epoch');
    await runner.createTable(new Table({ name: 'carrier_epoch', columns: [{ ...integer('one'), isPrimary: true }, integer('epoch')] }));
    await runner.query(`INSERT INTO carrier_epoch (one, epoch) VALUES (1, ${Number(row?.epoch ?? 0)})`);
    await runner.dropTable('instance_epoch');
  }
}

/** Several SMSCs: a part waits for one of them, and stays with it once it may have been sent. */
export class AddConnectors1797000000000 implements MigrationInterface {
  readonly name = 'AddConnectors1797000000000';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL: on SQLite TypeORM would copy the table, row by row.
    await runner.query('ALTER TABLE part ADD COLUMN pinned integer NOT NULL DEFAULT 0');
    await runner.query('ALTER TABLE part ADD COLUMN commercial integer NOT NULL DEFAULT 0');
    await runner.query('ALTER TABLE early_receipt ADD COLUMN receiver text');
    const open = `(${partState.queued}, ${partState.claimed}, ${partState.unanswered})`;
    await runner.query(`UPDATE part SET connector = '${environmentConnector}' WHERE connector IS NULL AND state IN ${open}`);
    await runner.query('DROP INDEX part_due');
    await runner.query(`CREATE INDEX part_due_by_connector ON part (connector, "dueAtMs") WHERE state = ${partState.queued}`);
    await runner.query('DROP INDEX part_smsc_id');
    await runner.query(`CREATE INDEX part_smsc_key ON part (${keyColumn}) WHERE "smscId" IS NOT NULL`);
    await runner.query('DROP INDEX early_receipt_smsc_id');
    await runner.query(`CREATE INDEX early_receipt_smsc_key ON early_receipt (${keyColumn})`);
    await runner.createTable(new Table({ name: 'connector', columns: [{ ...text('name'), isPrimary: true }, optionalText('sealedUrl'), text('settings'), integer('paused')] }));
    await runner.createTable(
      new Table({
        name: 'part_to_query',
        columns: [{ ...bigint('messageId'), isPrimary: true }, { ...integer('part'), isPrimary: true }, text('connector'), bigint('atMs')],
        indices: [new TableIndex({ name: 'part_to_query_due', columnNames: ['connector', 'atMs'] })],
      }),
    );
    await runner.createTable(new Table({ name: 'carrier_switch', columns: [{ ...integer('one'), isPrimary: true }, integer('paused')] }));
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['connector', 'carrier_switch', 'part_to_query']) await runner.dropTable(table);
    for (const index of ['part_due_by_connector', 'part_smsc_key', 'early_receipt_smsc_key']) await runner.query(`DROP INDEX ${index}`);
    await runner.query(`CREATE INDEX part_due ON part ("dueAtMs") WHERE state = ${partState.queued}`);
    await runner.query('CREATE INDEX part_smsc_id ON part ("smscId") WHERE "smscId" IS NOT NULL');
    await runner.query('CREATE INDEX early_receipt_smsc_id ON early_receipt ("smscId")');
    for (const column of ['pinned', 'commercial']) await runner.query(`ALTER TABLE part DROP COLUMN ${column}`);
    await runner.query('ALTER TABLE early_receipt DROP COLUMN receiver');
  }
}

/** The more urgent first. The index has what waits in the order in which it is taken, ties included: thousands may be due at the same moment. */
export class AddPriority1800000000000 implements MigrationInterface {
  readonly name = 'AddPriority1800000000000';

  async up(runner: QueryRunner): Promise<void> {
    // 0 is `high`: what waits already goes on as it was, and so does what a version without priorities adds.
    await runner.query('ALTER TABLE part ADD COLUMN priority integer NOT NULL DEFAULT 0');
    await runner.query('DROP INDEX part_due_by_connector');
    await runner.query(`CREATE INDEX part_turn ON part (connector, priority, "dueAtMs", "messageId", part) WHERE state = ${partState.queued}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX part_turn');
    await runner.query(`CREATE INDEX part_due_by_connector ON part (connector, "dueAtMs") WHERE state = ${partState.queued}`);
    await runner.query('ALTER TABLE part DROP COLUMN priority');
  }
}

const joinedTables = [
  new Table({
    name: 'incoming_joined',
    columns: [
      { ...text('incomingId'), isPrimary: true },
      text('phone'),
      text('sentTo'),
      text('reference'),
      integer('parts'),
      text('connector'),
      bigint('firstAtMs'),
      // When it went on to dlr; null: it waits for parts.
      { ...bigint('wholeAtMs'), isNullable: true },
    ],
    indices: [
      new TableIndex({ name: 'incoming_joined_of', columnNames: ['phone', 'sentTo', 'reference'] }),
      new TableIndex({ name: 'incoming_joined_waiting', columnNames: ['firstAtMs'], where: '"wholeAtMs" IS NULL' }),
      new TableIndex({ name: 'incoming_joined_whole', columnNames: ['wholeAtMs'], where: '"wholeAtMs" IS NOT NULL' }),
    ],
  }),
  new Table({
    name: 'incoming_part',
    columns: [
      { ...text('incomingId'), isPrimary: true },
      { ...integer('part'), isPrimary: true },
      // JSON; empty once the message went on.
      text('text'),
      text('digest'),
    ],
  }),
];

/** Parts of messages from phones, until they are whole. */
export class AddJoinedMessages1801000000000 implements MigrationInterface {
  readonly name = 'AddJoinedMessages1801000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of joinedTables) await runner.createTable(table, false, false, true);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { name } of joinedTables) await runner.dropTable(name);
  }
}

/** In the order in which they came. */
export const migrations = [
  CreateCarrierTables1795000000000,
  CreateInstanceEpochs1796000000000,
  AddConnectors1797000000000,
  AddPriority1800000000000,
  AddJoinedMessages1801000000000,
];
