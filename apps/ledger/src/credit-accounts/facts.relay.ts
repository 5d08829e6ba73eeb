import { decodeEvent } from '@kwota/audit-log';
import { credit, type CreditFact } from '@kwota/contracts/credit.v1';
import type { CreditEvent } from '@kwota/credit-ledger';
import type { StoredEvent } from '@kwota/event-store';
import { Messaging } from '@kwota/messaging';
import type { Logger } from '@kwota/service-kit/logger';
import { DurableDatabase } from '@kwota/service-kit/sqlite';
import type { AppendedEvent } from './ledger-writer.js';

const positionsEveryMs = 1_000;
const retryDelayMs = 500;
const factsPerPublish = 1_000;

/** An event as kwota.credit.v1 shows it: the ledger's own words, with its account, its place and its time. */
export const factOf = ({ account, revision, time, event }: AppendedEvent): CreditFact =>
  ({ ...event, account, accountSequence: revision, time }) as unknown as CreditFact;

/**
 * The ledger's events on their public topic, in order within an account. The store is the outbox: how far each account is published is
 * noted now and then, and a start publishes what lies behind that, some of it twice.
 */
export class FactsRelay {
  private readonly notes: DurableDatabase;
  private readonly published = new Map<string, number>();
  private readonly noted = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;
  private queue: AppendedEvent[] = [];
  private running: Promise<void> | undefined;
  private closed = false;

  constructor(
    file: string,
    private readonly messaging: Messaging,
    private readonly log: Logger,
  ) {
    this.notes = new DurableDatabase(file);
    this.notes.exec('CREATE TABLE IF NOT EXISTS published (account TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID');
    const rows = this.notes.prepare('SELECT account, revision FROM published').all() as { account: string; revision: number }[];
    for (const { account, revision } of rows) this.noted.set(account, revision);
    this.timer = setInterval(() => this.note(), positionsEveryMs).unref();
  }

  /** At start, for each stored event in order. */
  catchUp(stored: StoredEvent): void {
    const { account, revision, time, type, data } = decodeEvent(stored.data);
    if (revision <= (this.noted.get(account) ?? -1)) return;
    this.publish([{ account, revision, time, event: { type, ...data } as CreditEvent }]);
  }

  publish(events: readonly AppendedEvent[]): void {
    for (const event of events) this.queue.push(event);
    this.running ??= this.run().finally(() => (this.running = undefined));
  }

  get waiting(): number {
    return this.queue.length;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.running;
    clearInterval(this.timer);
    this.note();
    this.notes.close();
  }

  private async run(): Promise<void> {
    while (this.queue.length > 0) {
      const events = this.queue.slice(0, factsPerPublish);
      try {
        await this.messaging.publish(events.map((event) => this.message(event)));
      } catch (error) {
        if (this.closed) return;
        this.log.warn({ err: { type: (error as Error).name } }, 'credit events could not be published; trying again');
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
        continue;
      }
      this.queue = this.queue.slice(events.length);
      for (const { account, revision } of events) this.published.set(account, revision);
    }
  }

  private message(event: AppendedEvent) {
    return credit.message(factOf(event), { id: `${event.account}/${event.revision}`, source: 'kwota/ledger' });
  }

  private note(): void {
    if (this.published.size === 0) return;
    const statement = this.notes.prepare('INSERT OR REPLACE INTO published VALUES (?, ?)');
    this.notes.exec('BEGIN');
    for (const [account, revision] of this.published) {
      statement.run(account, revision);
      this.noted.set(account, revision);
    }
    this.notes.exec('COMMIT');
    this.published.clear();
  }
}
