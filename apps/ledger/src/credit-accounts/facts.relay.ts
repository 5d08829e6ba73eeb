import { decodeEvent } from '@kwota/audit-log';
import { credit, type CreditFact } from '@kwota/contracts/credit.v1';
import type { CreditEvent } from '@kwota/credit-ledger';
import type { EventStore, StoredEvent } from '@kwota/event-store';
import { Messaging } from '@kwota/messaging';
import type { Logger } from '@kwota/service-kit/logger';
import { Spacing } from '@kwota/service-kit/spacing';
import { accountOf, streamOf } from './fold-account.js';
import type { AppendedEvent } from './ledger-writer.js';

const positionsEveryMs = 1_000;
const retryDelayMs = 500;
const factsPerPublish = 1_000;
/** While accounts are read, their facts that are not out yet leave room for those of the accounts in use: 10,000 are 5 MB. */
export const factsReadAheadMax = 10_000;
/** Nobody waits for a fact as for an answer: those of so many milliseconds leave together. */
const spacingMs = 20;

/**
 * An event as kwota.credit.v1 shows it: the ledger's own words, with its account, its place and its time. The digests of what was submitted stay
 * inside: whoever knows a text could find the number that it went to by trying all of them.
 */
export const factOf = ({ account, revision, time, event }: AppendedEvent): CreditFact => {
  // Five times as fast as a spread with the two taken out, and every event comes this way.
  const fact = Object.assign({ account, accountSequence: revision, time }, event) as { fingerprint?: string | undefined; clientKey?: unknown };
  fact.fingerprint = undefined;
  fact.clientKey = undefined;
  return fact as CreditFact;
};

/**
 * The ledger's events on their public topic, in order within an account. The store is the outbox: how far each account is published is
 * noted beside the events now and then, and whoever reads an account anew publishes what lies behind that, some of it twice.
 */
export class FactsRelay {
  static readonly mark = 'published';
  private readonly published = new Map<string, number>();
  private readonly noted = new Map<string, number>();
  /** By account, the last revision that was put into the queue since the start. */
  private readonly queuedUpTo = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;
  private readonly spacing = new Spacing(spacingMs);
  private queue: AppendedEvent[] = [];
  /** How many of the queue, from its start, are published: it is dropped in larger pieces. */
  private sent = 0;
  private running: Promise<void> | undefined;
  private noting: Promise<void> | undefined;
  private closed = false;
  private readonly closing = new AbortController();
  private onRoom: (() => void)[] = [];

  constructor(
    private readonly store: EventStore,
    private readonly messaging: Messaging,
    private readonly log: Logger,
  ) {
    this.timer = setInterval(() => void this.note(), positionsEveryMs).unref();
  }

  /** Before streams are folded: what any ledger has noted of them, by stream. */
  resumeFrom(marks: ReadonlyMap<string, number>): void {
    for (const [stream, revision] of marks) this.noted.set(accountOf(stream), revision);
  }

  /**
   * For each stored event in order, whenever a stream is folded: also what an append stored without saying so is published. A promise where more
   * waits than may: to be awaited before the next event.
   */
  catchUp(stored: StoredEvent): Promise<void> | undefined {
    const name = accountOf(stored.stream);
    if (stored.revision <= Math.max(this.queuedUpTo.get(name) ?? -1, this.noted.get(name) ?? -1)) return undefined;
    const { account, revision, time, type, data } = decodeEvent(stored.data);
    this.publish([{ account, revision, time, event: { type, ...data } as CreditEvent }]);
    if (this.waiting < factsReadAheadMax || this.closed) return undefined;
    return new Promise((resolve) => this.onRoom.push(resolve));
  }

  publish(events: readonly AppendedEvent[]): void {
    for (const event of events) {
      this.queue.push(event);
      this.queuedUpTo.set(event.account, event.revision);
    }
    this.send();
  }

  get waiting(): number {
    return this.queue.length - this.sent;
  }

  /** How old the first of what waits is. */
  private get oldestMs(): number {
    const oldest = this.queue[this.sent];
    return oldest ? Date.now() - Date.parse(oldest.time) : 0;
  }

  /** True when all that was taken is published, and that is noted durably. */
  async isNoted(): Promise<boolean> {
    if (this.waiting > 0) return false;
    await this.noting;
    await this.note();
    return this.waiting === 0 && this.published.size === 0;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.closing.abort();
    this.tellRoom();
    await this.running;
    clearInterval(this.timer);
    await this.noting;
    await this.note();
  }

  private send(): void {
    if (this.running || this.closed) return;
    this.running = this.run().finally(() => {
      this.running = undefined;
      // What came between the last look and here would wait for the next event.
      if (this.waiting > 0) this.send();
    });
  }

  private async run(): Promise<void> {
    while (this.queue.length > 0) {
      await this.spacing.turn();
      try {
        await this.messaging.inItsTurn(() => this.publishNext(), { waitedMs: () => this.oldestMs, signal: this.closing.signal });
      } catch (error) {
        if (this.closed) return;
        this.log.warn({ err: { type: (error as Error).name } }, 'credit events could not be published; trying again');
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
        continue;
      }
    }
  }

  private async publishNext(): Promise<void> {
    const events = this.queue.slice(this.sent, this.sent + factsPerPublish);
    await this.messaging.publish(events.map((event) => this.message(event)), { lingerMs: spacingMs });
    this.forget(events.length);
    for (const { account, revision } of events) this.published.set(account, revision);
  }

  /** Dropped many at a time, so that a long queue is not copied for each publish. */
  private forget(sent: number): void {
    this.sent += sent;
    if (this.waiting < factsReadAheadMax) this.tellRoom();
    if (this.sent < this.queue.length && this.sent < 16 * factsPerPublish) return;
    this.queue = this.queue.slice(this.sent);
    this.sent = 0;
  }

  private tellRoom(): void {
    for (const resolve of this.onRoom.splice(0)) resolve();
  }

  private message(event: AppendedEvent) {
    return credit.message(factOf(event), { id: `${event.account}/${event.revision}`, source: 'kwota/ledger' });
  }

  /** A failure costs nothing but repeats: the next note tries again. */
  private note(): Promise<void> {
    this.noting ??= this.saveMarks().finally(() => (this.noting = undefined));
    return this.noting;
  }

  private async saveMarks(): Promise<void> {
    if (this.published.size === 0) return;
    const marks = new Map([...this.published].map(([account, revision]) => [streamOf(account), revision]));
    try {
      await this.store.saveMarks(FactsRelay.mark, marks);
    } catch (error) {
      this.log.warn({ err: { type: (error as Error).name } }, 'how far credit events are published could not be noted; trying again');
      return;
    }
    for (const [stream, revision] of marks) {
      const account = accountOf(stream);
      this.noted.set(account, Math.max(revision, this.noted.get(account) ?? -1));
      if (this.published.get(account) === revision) this.published.delete(account);
    }
  }
}
