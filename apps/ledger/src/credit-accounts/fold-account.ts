import { decodeEvent, genesisHash, hashOf } from '@kwota/audit-log';
import { evolve, newCreditAccount, type CreditAccount, type CreditEvent } from '@kwota/credit-ledger';
import type { EventStore, StoredEvent } from '@kwota/event-store';
import { openSnapshot, unpack } from './snapshot-body.js';

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
export const isCreditStream = (stream: string): boolean => stream.startsWith(streamPrefix);

export const emptyAccount = (account: string): AccountInMemory => ({ account, state: newCreditAccount(account), hash: genesisHash });

/** The store was changed behind the ledger's back: nothing can be decided on it. */
export class ChainBroken extends Error {
  override readonly name = 'ChainBroken';
}

/** Folds the next event of the stream. @throws ChainBroken when it is not the one that the chain goes on with. */
export const applyTo = (known: AccountInMemory, { revision, data: bytes, hash }: StoredEvent): void => {
  if (revision !== known.state.revision + 1 || Buffer.compare(hashOf(known.hash, bytes), hash) !== 0)
    throw new ChainBroken(`${known.account}: the hash chain breaks at revision ${revision}; kwota audit replay tells more`);
  const { data, time, type, commandId, source } = decodeEvent(bytes);
  known.state = evolve(known.state, { type, ...data } as CreditEvent, { timeMs: Date.parse(time), commandId, source: source ?? undefined });
  known.hash = hash;
};

export type LoadedSnapshot = Readonly<{ known: AccountInMemory; coveredUpTo: number; packed: Uint8Array }>;

/** The account as its snapshot has it, or undefined where none can be used. */
export const loadSnapshot = async (store: EventStore, account: string): Promise<LoadedSnapshot | undefined> => {
  const stored = await store.loadSnapshot(streamOf(account));
  const opened = openSnapshot(stored);
  if (!stored || !opened) return undefined;
  return { known: { account, state: await unpack(account, opened.packed), hash: stored.hash }, ...opened };
};
