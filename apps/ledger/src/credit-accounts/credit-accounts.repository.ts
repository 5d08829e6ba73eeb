import { decodeEvent, genesisHash } from '@kwota/audit-log';
import { evolve, newCreditAccount, type CreditAccount, type CreditEvent, type SourcePosition } from '@kwota/credit-ledger';
import { EventStore, type StoredEvent } from '@kwota/event-store';
import { Injectable } from '@nestjs/common';

/** One account as this process knows it: its state with all that is decided, durable or about to be, and where its stream stands. */
export type AccountInMemory = {
  readonly account: string;
  state: CreditAccount;
  /** Of the last event decided. */
  hash: Uint8Array;
};

const streamPrefix = 'credit-';
export const streamOf = (account: string): string => streamPrefix + account;
export const accountOf = (stream: string): string => stream.slice(streamPrefix.length);

/** All accounts in memory, folded from their streams; loaded again after a failed append. */
@Injectable()
export class CreditAccountsRepository {
  private readonly accounts = new Map<string, AccountInMemory>();
  private readonly loading = new Map<string, Promise<void>>();
  private onEvent: (event: StoredEvent) => void = () => undefined;

  constructor(private readonly store: EventStore) {}

  /** Folds the whole store; `onEvent` sees each event on its way, in its stream's order, now and whenever a stream is folded again. */
  async loadAll(onEvent: (event: StoredEvent) => void): Promise<void> {
    this.onEvent = onEvent;
    for await (const event of this.store.readAll()) {
      if (!event.stream.startsWith(streamPrefix)) continue;
      this.apply(event);
      onEvent(event);
    }
  }

  /** Waits until each is in memory; an account without events is a new one. */
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

  all(): Iterable<AccountInMemory> {
    return this.accounts.values();
  }

  /** What was decided on it is void: the next use folds the stream again. */
  drop(account: string): void {
    this.accounts.delete(account);
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
    const folded = emptyAccount(account);
    for await (const event of this.store.readStream(streamOf(account))) {
      applyTo(folded, event);
      this.onEvent(event);
    }
    this.accounts.set(account, folded);
  }

  private apply(event: StoredEvent): void {
    const account = accountOf(event.stream);
    const known = this.accounts.get(account) ?? emptyAccount(account);
    this.accounts.set(account, known);
    applyTo(known, event);
  }
}

const emptyAccount = (account: string): AccountInMemory => ({ account, state: newCreditAccount(account), hash: genesisHash });

const applyTo = (known: AccountInMemory, event: StoredEvent): void => {
  const { data, time, type, commandId, source } = decodeEvent(event.data);
  const context = { timeMs: Date.parse(time), commandId, source: (source ?? undefined) as SourcePosition | undefined };
  known.state = evolve(known.state, { type, ...data } as CreditEvent, context);
  known.hash = event.hash;
};
