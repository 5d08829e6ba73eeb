import { createOutboxTable } from '@kwota/service-kit/outbox';
import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';

const text = (name: string) => ({ name, type: 'text' });
const key = (name: string) => ({ ...text(name), isPrimary: true });
const bigint = (name: string) => ({ name, type: 'bigint' });

const tables = [
  new Table({ name: 'recipient', columns: [key('account'), key('userId'), text('alertEmail'), text('alertNumber'), text('support')] }),
  new Table({ name: 'templates', columns: [key('account'), text('templates')] }),
  new Table({ name: 'known_user', columns: [key('userId'), text('account'), text('login')] }),
  new Table({ name: 'known_sender', columns: [key('account'), key('sender'), text('status')] }),
  new Table({
    name: 'alert',
    columns: [
      key('crossingId'),
      key('medium'),
      text('account'),
      text('userId'),
      text('address'),
      bigint('levelMilliCredits'),
      bigint('leftMilliCredits'),
      text('state'),
      bigint('createdAtMs'),
      bigint('dueAtMs'),
      { name: 'attempts', type: 'integer' },
      { ...bigint('endedAtMs'), isNullable: true },
      { ...text('submission'), isNullable: true },
    ],
    indices: [
      // Partial: it holds only what waits, however many alerts went out.
      new TableIndex({ name: 'alert_due', columnNames: ['medium', 'dueAtMs'], where: "state = 'waiting'" }),
      new TableIndex({ name: 'alert_address', columnNames: ['account', 'address'] }),
    ],
  }),
];

export class CreateAlertsTables1795000000000 implements MigrationInterface {
  readonly name = 'CreateAlertsTables1795000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of tables) await runner.createTable(table);
    await createOutboxTable(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { name } of [...tables, { name: 'outbox' }]) await runner.dropTable(name);
  }
}

const forecastTable = new Table({ name: 'forecast', columns: [key('account'), key('userId'), { name: 'isSoon', type: 'integer' }] });

/** Alerts of other kinds than thresholds, why one did not go out, and what is foreseen. */
export class AddKindsOfAlerts1798000000000 implements MigrationInterface {
  readonly name = 'AddKindsOfAlerts1798000000000';

  async up(runner: QueryRunner): Promise<void> {
    // Plain SQL: on SQLite TypeORM would copy the table, row by row.
    await runner.query("ALTER TABLE alert ADD COLUMN kind text NOT NULL DEFAULT 'threshold'");
    await runner.query('ALTER TABLE alert ADD COLUMN about text');
    await runner.query("ALTER TABLE alert ADD COLUMN subject text NOT NULL DEFAULT ''");
    await runner.query("ALTER TABLE alert ADD COLUMN reason text NOT NULL DEFAULT ''");
    await runner.query("CREATE INDEX alert_subject ON alert (subject) WHERE subject <> ''");
    await runner.createTable(forecastTable);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('forecast');
    await runner.query('DROP INDEX alert_subject');
    for (const column of ['reason', 'subject', 'about', 'kind']) await runner.query(`ALTER TABLE alert DROP COLUMN ${column}`);
  }
}
