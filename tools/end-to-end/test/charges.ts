// The ledger's events as they lie in its store, folded: evolve checks the invariants at every event.
import { decodeEvent, genesisHash, hashOf } from '@kwota/audit-log';
import { evolve, newCreditAccount, type CreditAccount, type CreditEvent } from '@kwota/credit-ledger';
import type { EventReader } from '@kwota/event-store';

export type Charges = Readonly<{
  accounts: ReadonlyMap<string, CreditAccount>;
  /** How often each message was held, and captured. */
  held: ReadonlyMap<number, number>;
  captured: ReadonlyMap<number, number>;
  /** Captured, and given back since: a withdrawal that came after the final. */
  refunded: ReadonlySet<number>;
  openHolds: number;
}>;

/** @throws Error where an invariant or the hash chain breaks. */
export const readCharges = async (reader: EventReader): Promise<Charges> => {
  const accounts = new Map<string, CreditAccount>();
  const hashes = new Map<string, Uint8Array>();
  const held = new Map<number, number>();
  const captured = new Map<number, number>();
  const refunded = new Set<number>();
  const count = (times: Map<number, number>, id: number): void => void times.set(id, (times.get(id) ?? 0) + 1);
  for await (const stored of reader.readAll()) {
    const name = stored.stream.replace(/^credit-/, '');
    const hash = hashOf(hashes.get(name) ?? genesisHash, stored.data);
    if (Buffer.compare(hash, stored.hash) !== 0) throw new Error(`${name}: the hash chain breaks at ${stored.revision}`);
    hashes.set(name, hash);
    const { type, data, time, commandId, source } = decodeEvent(stored.data);
    const event = { type, ...data } as CreditEvent;
    if (event.type === 'CreditsHeld') count(held, event.messageId);
    if (event.type === 'CreditsCaptured') count(captured, event.messageId);
    if (event.type === 'CreditsRefunded') refunded.add(event.messageId);
    accounts.set(name, evolve(accounts.get(name) ?? newCreditAccount(name), event, { timeMs: Date.parse(time), commandId, source: source ?? undefined }));
  }
  const openHolds = [...accounts.values()].reduce((sum, { openCharges }) => sum + openCharges.size, 0);
  return { accounts, held, captured, refunded, openHolds };
};

/** Reads anew until no hold is open; what is left after the time is in the answer. */
export const settledCharges = async (open: () => Promise<EventReader>, timeoutMs: number): Promise<Charges> => {
  for (const untilMs = performance.now() + timeoutMs; ; await new Promise((resolve) => setTimeout(resolve, 500))) {
    const reader = await open();
    const charges = await readCharges(reader).finally(() => reader.close());
    if (charges.openHolds === 0 || performance.now() > untilMs) return charges;
  }
};
