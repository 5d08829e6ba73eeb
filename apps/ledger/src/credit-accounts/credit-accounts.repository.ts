import { EventStore, type StoredEvent } from '@kwota/event-store';
import { TransientFailure } from '@kwota/messaging/failures';
import { Injectable } from '@nestjs/common';
import { accountOf, applyTo, ChainBroken, emptyAccount, isCreditStream, loadSnapshot, streamOf, type AccountInMemory } from './fold-account.js';

/** Where it has no room it gives a promise: no further event is read before that. */
type EventListener = (event: StoredEvent) => Promise<void> | undefined;

/** Accounts in memory, folded from their streams; folded again after a failed append, and when they come back from another ledger. */
@Injectable()
export class CreditAccountsRepository {
  /** What loading all of them read: the next start reads as much, unless snapshots are taken. */
  foldedAtLoad = 0;
  /** Of the last event read while loading all of them. */
  positionAtLoad = 0;
  private readonly accounts = new Map<string, AccountInMemory>();
  private readonly loading = new Map<string, Promise<void>>();
  /** By account, what is wrong with its stream: until somebody has mended it, all that needs the account waits. */
  private readonly broken = new Map<string, string>();
  private onEvent: EventListener = () => undefined;

  constructor(private readonly store: EventStore) {}

  /** `listener` sees each event that is read, in its stream's order, whenever a stream is folded. */
  onEventRead(listener: EventListener): void {
    this.onEvent = listener;
  }

  /** Folds the whole store, from its snapshots on, in one pass over all events. */
  async loadAll(): Promise<void> {
    const coveredUpTo = await this.loadSnapshots();
    this.positionAtLoad = coveredUpTo;
    for await (const event of this.store.readAll(coveredUpTo + 1)) {
      this.positionAtLoad = event.position;
      if (!isCreditStream(event.stream)) continue;
      const account = accountOf(event.stream);
      let known = this.accounts.get(account);
      if (!known) this.accounts.set(account, (known = emptyAccount(account)));
      if (event.revision > known.state.revision) applyTo(known, event);
      this.foldedAtLoad += 1;
      const room = this.onEvent(event);
      if (room) await room;
    }
  }

  /** Why accounts cannot be had: their streams are not what a ledger wrote. */
  get troubles(): readonly string[] {
    return [...this.broken.values()];
  }

  /** Waits until each is in memory; an account without events is a new one. @throws TransientFailure when one cannot be read, or not believed. */
  async ensureLoaded(names: Iterable<string>): Promise<void> {
    const wanted = [...names];
    // One may be dropped while another is loaded: what is decided next must find all of them.
    for (let missing = this.missing(wanted); missing.length > 0; missing = this.missing(wanted)) await Promise.all(missing.map((account) => this.load(account)));
  }

  get(account: string): AccountInMemory {
    const known = this.accounts.get(account);
    if (!known) throw new Error('an account was used before it was loaded');
    return known;
  }

  find(account: string): AccountInMemory | undefined {
    return this.accounts.get(account);
  }

  all(): Iterable<AccountInMemory> {
    return this.accounts.values();
  }

  /** What was decided on it is void: the next use folds the stream again. */
  drop(account: string): void {
    this.accounts.delete(account);
  }

  /** Up to which position the snapshots stand for all events; 0 where there are none. */
  private async loadSnapshots(): Promise<number> {
    const without: string[] = [];
    let coveredUpTo = 0;
    for (const { stream } of await this.store.streams()) {
      if (!isCreditStream(stream)) continue;
      const account = accountOf(stream);
      const snapshot = await loadSnapshot(this.store, account);
      if (!snapshot) without.push(account);
      else {
        this.accounts.set(account, snapshot.known);
        coveredUpTo = Math.max(coveredUpTo, snapshot.coveredUpTo);
      }
    }
    // Younger than the snapshots, or of another reducer: what lies before that position would be missed.
    if (coveredUpTo > 0) for (const account of without) await this.load(account);
    return coveredUpTo;
  }

  private missing(names: readonly string[]): readonly string[] {
    return names.filter((account) => !this.accounts.has(account));
  }

  private load(account: string): Promise<void> {
    const known = this.loading.get(account);
    if (known) return known;
    const loading = this.fold(account).finally(() => this.loading.delete(account));
    this.loading.set(account, loading);
    return loading;
  }

  private async fold(account: string): Promise<void> {
    try {
      this.accounts.set(account, await this.read(account));
      this.broken.delete(account);
    } catch (error) {
      if (error instanceof ChainBroken) this.broken.set(account, error.message);
      // No fault of what was asked: it waits, however long, instead of ending among the dead letters.
      throw new TransientFailure('event store', 'an account could not be read', { cause: error });
    }
  }

  private async read(account: string): Promise<AccountInMemory> {
    const known = (await loadSnapshot(this.store, account))?.known ?? emptyAccount(account);
    for await (const event of this.store.readStream(streamOf(account), known.state.revision + 1)) {
      applyTo(known, event);
      const room = this.onEvent(event);
      if (room) await room;
    }
    return known;
  }
}
