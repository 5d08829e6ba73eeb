// What a service publishes is written in the transaction that changes its state, so that store and topic never disagree (DESIGN §5).
import { Messaging, type OutgoingMessage } from '@kwota/messaging';
import { EntitySchema, type EntityManager, type QueryRunner, Table } from 'typeorm';
import type { ServiceDatabase } from './database.js';
import type { Logger } from './logger.js';
import { forRows, run } from './sql.js';

type OutboxRow = { id: number; topic: string; key: string; value: string | null; headers: string };

export const outboxEntity = new EntitySchema<OutboxRow>({
  name: 'outbox',
  columns: {
    id: { type: 'integer', primary: true, generated: 'increment' },
    topic: { type: 'text' },
    key: { type: 'text' },
    value: { type: 'text', nullable: true },
    headers: { type: 'text' },
  },
});

/** For a service's first migration. */
export const createOutboxTable = (runner: QueryRunner): Promise<void> =>
  runner.createTable(
    new Table({
      name: 'outbox',
      columns: [
        { name: 'id', type: 'integer', isPrimary: true, isGenerated: true, generationStrategy: 'increment' },
        { name: 'topic', type: 'text' },
        { name: 'key', type: 'text' },
        { name: 'value', type: 'text', isNullable: true },
        { name: 'headers', type: 'text' },
      ],
    }),
  );

const relayBatchMax = 1_000;
const retryDelayMs = 500;

/**
 * One relay a service: publishes the unsent rows in the order of their ids and deletes them once the log has them. It looks for unsent
 * rows, never above a last id: a slower transaction may commit a lower one later. A crash in between publishes a row twice.
 */
export class Outbox {
  private running: Promise<void> | undefined;
  private wanted = false;
  private closed = false;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly messaging: Messaging,
    private readonly log: Logger,
  ) {}

  /** Inside the transaction that changes the state. Call `relay` after the commit. */
  async add(manager: EntityManager, messages: readonly OutgoingMessage[]): Promise<void> {
    if (messages.length === 0) return;
    const rows = messages.map(({ topic, key, value, headers }) => [topic, key, value, JSON.stringify(headers)]);
    await forRows(manager, rows, (values) => `INSERT INTO outbox (topic, "key", value, headers) VALUES ${values}`);
  }

  /** Starts the relay or tells it that there is more; returns at once. Call it also at start, for what a crash left. */
  relay(): void {
    this.wanted = true;
    if (this.running || this.closed) return;
    this.running = this.run().finally(() => {
      this.running = undefined;
      // What was wanted between the last look and here would wait for the next change.
      if (this.wanted) this.relay();
    });
  }

  /** Resolves when the relay rests; rows that could not be sent wait for the next start. */
  async close(): Promise<void> {
    this.closed = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.wanted && !this.closed) {
      this.wanted = false;
      try {
        while (await this.sendSome());
      } catch (error) {
        this.log.warn({ err: { type: (error as Error).name } }, 'the outbox could not be sent; trying again');
        this.wanted = true;
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
      }
    }
  }

  private async sendSome(): Promise<boolean> {
    const rows = await this.database.read((manager) => run<OutboxRow>(manager, `SELECT id, topic, "key", value, headers FROM outbox ORDER BY id LIMIT ${relayBatchMax}`));
    if (rows.length === 0) return false;
    await this.messaging.publish(rows.map(({ topic, key, value, headers }) => ({ topic, key, value, headers: JSON.parse(headers) })));
    await this.database.transaction((manager) => forRows(manager, rows.map(({ id }) => [id]), (ids) => `DELETE FROM outbox WHERE id IN (${ids})`));
    return rows.length === relayBatchMax;
  }
}
