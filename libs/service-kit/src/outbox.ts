// What a service publishes is written in the transaction that changes its state, so that store and topic never disagree (DESIGN §5).
import { Messaging, type OutgoingMessage } from '@kwota/messaging';
import { PublishFailed } from '@kwota/messaging/failures';
import { EntitySchema, type EntityManager, type QueryRunner, Table } from 'typeorm';
import type { ServiceDatabase } from './database.js';
import type { Logger } from './logger.js';
import { Pause } from './pause.js';
import { forRows, insertRows, run } from './sql.js';
import { Unpublished } from './unpublished.js';

type OutboxRow = { id: number; topic: string; key: string; value: string | null; headers: string };
/** The ids of the oldest unsent rows. */
type Span = Readonly<{ first: number; last: number; count: number }>;

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
/** PostgreSQL: what an instance that died has left is found after so long. */
const lookIntervalMs = 2_000;
/** A relay that waits for the log shows the server that it lives, more often than it would be thrown out of its transaction (database.ts). */
const signOfLifeMs = 1_000;
/** Shorter than the other instances' relays wait for their turn. */
const publishMsMax = 12_000;

/** What was handed to the log and whose end is not known yet: it is not handed over again before it is. */
type Underway = Readonly<{ ids: readonly number[]; ended: Promise<'published' | Error> }>;

/**
 * One relay a service: publishes the unsent rows in the order of their ids and deletes them once the log has them. It looks for unsent
 * rows, never above a last id: a slower transaction may commit a lower one later. A crash in between publishes a row twice. On PostgreSQL
 * the service's instances take turns, and each relays what it finds, whoever wrote it.
 */
export class Outbox {
  private running: Promise<void> | undefined;
  private wanted = false;
  private closed = false;
  private timer: NodeJS.Timeout | undefined;
  private underway: Underway | undefined;
  private readonly unpublished = new Unpublished();
  private readonly pause = new Pause();

  constructor(
    private readonly database: ServiceDatabase,
    private readonly messaging: Messaging,
    private readonly log: Logger,
  ) {}

  /** Inside the transaction that changes the state. Call `relay` after the commit. */
  async add(manager: EntityManager, messages: readonly OutgoingMessage[]): Promise<void> {
    if (messages.length === 0) return;
    const rows = messages.map(({ topic, key, value, headers }) => [topic, key, value, JSON.stringify(headers)]);
    const insert = (values: string): string => `INSERT INTO outbox (topic, "key", value, headers) VALUES ${values}`;
    if (this.database.isShared) await forRows(manager, rows, insert);
    else await insertRows(manager, rows, insert, (from, to, lastId) => this.unpublished.keep(messages.slice(from, to), lastId));
  }

  /** Starts the relay or tells it that there is more; returns at once. Call it also at start, for what a crash left. */
  relay(): void {
    this.wanted = true;
    if (this.closed) return;
    if (this.database.isShared) this.timer ??= setInterval(() => void this.look(), lookIntervalMs);
    this.running ??= this.run().finally(() => {
      this.running = undefined;
      // What was wanted between the last look and here would wait for the next change.
      if (this.wanted) this.relay();
    });
  }

  /** Resolves when the relay rests; rows that could not be sent wait for the next start. */
  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    this.pause.end();
    await this.running;
  }

  private async look(): Promise<void> {
    if (this.running) return;
    const rows = await this.database.read((manager) => run(manager, 'SELECT id FROM outbox LIMIT 1')).catch(() => []);
    if (rows.length > 0) this.relay();
  }

  private async run(): Promise<void> {
    while (this.wanted && !this.closed) {
      this.wanted = false;
      try {
        while (await (this.database.isShared ? this.sendSomeInTurn() : this.sendSome()));
      } catch (error) {
        this.log.warn({ err: { type: (error as Error).name } }, 'the outbox could not be sent; trying again');
        this.wanted = true;
        await this.pause.lasting(retryDelayMs);
      }
    }
  }

  private async sendSome(): Promise<boolean> {
    const oldest = await this.database.read((manager) => this.oldestUnsent(manager));
    if (!oldest) return false;
    const { first, last, messages } = oldest;
    await this.messaging.publish(messages);
    // What comes again after a power cut is published twice, as after any crash between these two lines. One process writes, a transaction at a time: no row
    // appears between the two ids afterwards.
    await this.database.transactionSyncedLater((manager) => run(manager, 'DELETE FROM outbox WHERE id BETWEEN ? AND ?', [first, last]));
    this.unpublished.forget(first, last);
    return messages.length === relayBatchMax;
  }

  /** Which rows there are, the table alone knows; their messages come from memory, or all from the table where memory lacks one. */
  private async oldestUnsent(manager: EntityManager): Promise<{ first: number; last: number; messages: OutgoingMessage[] } | undefined> {
    const oldest = `SELECT id FROM outbox ORDER BY id LIMIT ${relayBatchMax}`;
    const [span] = await run<Span>(manager, `SELECT MIN(id) AS first, MAX(id) AS last, COUNT(*) AS count FROM (${oldest}) AS oldest`);
    if (!span?.count) return undefined;
    const { first, last, count } = span;
    const known = count === last - first + 1 ? this.unpublished.from(first, last) : undefined;
    return { first, last, messages: known ?? (await unsent(manager)).map(messageOf) };
  }

  private async sendSomeInTurn(): Promise<boolean> {
    await this.endUnderway();
    const isMore = await this.database.transactionBeside('relay', async (manager) => {
      const rows = await unsent(manager);
      if (rows.length === 0) return false;
      const ids = rows.map(({ id }) => id);
      const ended = this.messaging.publish(rows.map(messageOf)).then(() => 'published' as const, (error: Error) => error);
      this.underway = { ids, ended };
      await this.whileAlive(manager, ended);
      await forget(manager, ids);
      return rows.length === relayBatchMax;
    });
    this.underway = undefined;
    return isMore;
  }

  /** The log took longer than a transaction should last, or the transaction was lost: what the log has by now goes, the rest is tried again. */
  private async endUnderway(): Promise<void> {
    if (!this.underway) return;
    const { ids, ended } = this.underway;
    if ((await ended) === 'published') await this.database.transactionBeside('relay', (manager) => forget(manager, ids));
    this.underway = undefined;
  }

  /** @throws Error when the log refuses, or takes too long. */
  private async whileAlive(manager: EntityManager, ended: Underway['ended']): Promise<void> {
    let sign: Promise<unknown> = Promise.resolve();
    const signs = setInterval(() => (sign = run(manager, 'SELECT 1').catch(() => undefined)), signOfLifeMs);
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<Error>((resolve) => (timer = setTimeout(() => resolve(new PublishFailed('the log takes too long')), publishMsMax)));
    try {
      const end = await Promise.race([ended, tooLate]);
      if (end instanceof Error) throw end;
    } finally {
      clearInterval(signs);
      clearTimeout(timer);
      await sign;
    }
  }
}

const unsent = (manager: EntityManager): Promise<OutboxRow[]> =>
  run<OutboxRow>(manager, `SELECT id, topic, "key", value, headers FROM outbox ORDER BY id LIMIT ${relayBatchMax}`);

const forget = (manager: EntityManager, ids: readonly number[]): Promise<unknown> =>
  forRows(manager, ids.map((id) => [id]), (values) => `DELETE FROM outbox WHERE id IN (${values})`);

const messageOf = ({ topic, key, value, headers }: OutboxRow): OutgoingMessage => ({ topic, key, value, headers: JSON.parse(headers) });
