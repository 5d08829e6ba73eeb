import { accountFrom, reducerVersion, snapshotOf, type CreditAccount } from '@kwota/credit-ledger';
import type { StreamSnapshot } from '@kwota/event-store';

/**
 * A snapshot's bytes: a line with the position up to which every stream of the store has a snapshot (so that a start reads on from there), then
 * the account as JSON. Worth something to this program alone; auditors never read them.
 */
export const snapshotBody = (coveredUpTo: number, json: string): Uint8Array => Buffer.from(`${coveredUpTo}\n${json}`);

export const jsonOf = (state: CreditAccount): string => JSON.stringify(snapshotOf(state));

export type OpenedSnapshot = Readonly<{ coveredUpTo: number; json: string }>;

/** Undefined for one of another reducer: what it says is folded anew. */
export const openSnapshot = (snapshot: StreamSnapshot | undefined): OpenedSnapshot | undefined => {
  if (!snapshot || snapshot.reducerVersion !== reducerVersion) return undefined;
  const text = Buffer.from(snapshot.body).toString();
  const lineEnd = text.indexOf('\n');
  return { coveredUpTo: Number(text.slice(0, lineEnd)), json: text.slice(lineEnd + 1) };
};

export const stateFrom = (account: string, json: string): CreditAccount => accountFrom(account, JSON.parse(json));
