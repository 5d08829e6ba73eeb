// The ledger without its edges, for measuring: decisions, hash chain, group commit and the store, as the service has them.
import type { EventStore } from '@kwota/event-store';
import { CreditAccountsRepository } from './credit-accounts/credit-accounts.repository.js';
import { LedgerClock } from './credit-accounts/ledger-clock.js';
import { LedgerWriter } from './credit-accounts/ledger-writer.js';

export { TakeSnapshotsHandler } from './take-snapshots/take-snapshots.handler.js';
export { holdCommandOf } from './hold-credits/hold-command.js';
export { pack as packState } from './credit-accounts/snapshot-body.js';
export { LedgerSettings } from './ledger-settings.js';

export type LedgerCore = Readonly<{ accounts: CreditAccountsRepository; writer: LedgerWriter }>;

/** Folds what the store has; facts are published nowhere. */
export const openLedgerCore = async (store: EventStore): Promise<LedgerCore> => {
  const accounts = new CreditAccountsRepository(store);
  await accounts.loadAll();
  const writer = new LedgerWriter(accounts, store, { publish: () => undefined, waiting: 0 }, new LedgerClock());
  return { accounts, writer };
};
