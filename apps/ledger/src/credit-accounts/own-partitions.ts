import { EventStore } from '@kwota/event-store';
import type { Assignment, Messaging } from '@kwota/messaging';
import { partitionOf } from '@kwota/messaging/partition-of';
import type { PartHealth } from '@kwota/service-kit/health';
import type { Logger } from '@kwota/service-kit/logger';
import { CreditAccountsRepository } from './credit-accounts.repository.js';
import { FactsRelay } from './facts.relay.js';
import { accountOf, ChainBroken, isCreditStream } from './fold-account.js';
import { LedgerWriter } from './ledger-writer.js';

/** After an append of unknown outcome, and again while the store does not answer. */
const readAgainMs = 1_000;
/** So many streams are folded side by side: more would only wait for the store. */
const foldedAtOnce = 16;

/**
 * Which accounts are this ledger's to decide on: those of the partitions that it has. What it gains another ledger may have written on, so
 * it is folded anew before the first message; what it loses is forgotten (DESIGN §4, single writer per partition).
 */
export class OwnPartitions {
  private owned: ReadonlySet<number> = new Set();
  private trouble: string | undefined = 'no partition has been assigned yet';
  /** What the writer had appended when the whole store was read; undefined where others have partitions too. */
  private appendedAtRead: number | undefined;
  /** Whose last append may have been stored without saying so: its facts go out when it is read, though nobody else asks for it. */
  private readonly unread = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly messaging: Messaging,
    private readonly store: EventStore,
    private readonly accounts: CreditAccountsRepository,
    private readonly writer: LedgerWriter,
    private readonly relay: FactsRelay,
    private readonly log: Logger,
  ) {}

  follow(group: string): void {
    this.accounts.onEventRead((event) => this.relay.catchUp(event));
    this.writer.onVoid((accounts) => this.readSoon(accounts));
    this.messaging.onAssignment(group, (assignment) => this.take(assignment));
  }

  owns(account: string): boolean {
    return this.owned.has(partitionOf(account, this.messaging.partitionCount));
  }

  /** A position up to which all events are durable and known here; undefined where others write, too. */
  get durableUpTo(): number | undefined {
    if (this.appendedAtRead === undefined) return undefined;
    return this.accounts.positionAtLoad + this.writer.appendedEvents - this.appendedAtRead;
  }

  health(): PartHealth {
    const reasons = [...new Set([...(this.trouble === undefined ? [] : [this.trouble]), ...this.accounts.troubles])];
    return { ready: reasons.length === 0, reasons };
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private readSoon(accounts: Iterable<string>): void {
    for (const account of accounts) this.unread.add(account);
    if (this.unread.size > 0 && !this.stopped) this.timer ??= setTimeout(() => void this.readUnread(), readAgainMs).unref();
  }

  private async readUnread(): Promise<void> {
    const accounts = [...this.unread].filter((account) => this.owns(account));
    this.unread.clear();
    const read = await Promise.allSettled(accounts.map((account) => this.accounts.ensureLoaded([account])));
    this.timer = undefined;
    // Readiness says why, and who needs one of them waits.
    this.readSoon(accounts.filter((_, index) => read[index]?.status === 'rejected'));
  }

  private async take(assignment: Assignment): Promise<void> {
    this.trouble = 'its accounts are being read';
    try {
      await this.read(assignment);
      this.trouble = undefined;
    } catch (error) {
      const broken = chainBrokenIn(error);
      if (!broken) {
        this.trouble = 'its accounts cannot be read: the event store does not answer';
        this.log.warn({ err: { type: (error as Error).name } }, 'accounts could not be read; trying again');
        throw error;
      }
      // Reading again would not mend it. Nothing is decided until somebody has looked (runbook).
      this.trouble = broken.message;
      this.log.error({ err: { type: broken.name, message: broken.message } }, 'the ledger decides nothing');
      this.writer.distrust(broken);
    }
  }

  private async read({ partitions, gained, lost }: Assignment): Promise<void> {
    this.appendedAtRead = undefined;
    // What was decided before is durable or void by then; only what is read after it is sure to be whole.
    await this.writer.settled();
    const touched = new Set([...gained, ...lost]);
    for (const { account } of [...this.accounts.all()]) if (touched.has(partitionOf(account, this.messaging.partitionCount))) this.accounts.drop(account);
    this.owned = partitions;
    const startedAtMs = performance.now();
    const isWhole = gained.size === this.messaging.partitionCount;
    if (isWhole) await this.readAll();
    else await this.readGained(gained);
    this.log.info({ partitions: [...partitions].toSorted((a, b) => a - b), gained: gained.size, lost: lost.size, tookMs: Math.round(performance.now() - startedAtMs) }, 'accounts read');
  }

  private async readAll(): Promise<void> {
    this.relay.resumeFrom(await this.store.loadMarks(FactsRelay.mark));
    await this.accounts.loadAll();
    this.appendedAtRead = this.writer.appendedEvents;
  }

  private async readGained(gained: ReadonlySet<number>): Promise<void> {
    const streams = (await this.store.streams()).map(({ stream }) => stream).filter((stream) => isCreditStream(stream) && gained.has(this.partitionOfStream(stream)));
    this.relay.resumeFrom(await this.store.loadMarks(FactsRelay.mark, streams));
    for (let from = 0; from < streams.length; from += foldedAtOnce) await this.accounts.ensureLoaded(streams.slice(from, from + foldedAtOnce).map(accountOf));
  }

  private partitionOfStream(stream: string): number {
    return partitionOf(accountOf(stream), this.messaging.partitionCount);
  }
}

const chainBrokenIn = (error: unknown): ChainBroken | undefined => {
  if (error instanceof ChainBroken) return error;
  return error instanceof Error ? chainBrokenIn(error.cause) : undefined;
};
