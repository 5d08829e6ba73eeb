// `kwota audit replay`: the balances that a store adds up to, at any moment of its past, by the code that the ledger itself runs.
import type { EventReader, StoredEvent } from '@kwota/event-store';
import type { EventEnvelope } from './event-envelope.js';
import { LedgerFold, type AccountBalance, type MoneyFault } from './ledger-fold.js';
import { verifyChain, type ChainFault } from './verify-chain.js';

export type { AccountBalance, UserBalance } from './ledger-fold.js';

/** Up to and with a position in the store, or up to and with an instant by the events' own times. Left out: all. */
export type ReplayUntil = Readonly<{ position: number }> | Readonly<{ timeMs: number }>;

export type ReplayFault = Omit<ChainFault, 'reason'> & Readonly<{ reason: ChainFault['reason'] | MoneyFault }>;

export type Replay =
  Readonly<{ ok: true; events: number; position: number; accounts: readonly AccountBalance[] }> | Readonly<{ ok: false; events: number; fault: ReplayFault }>;

/** Folds the store and checks on the way: the hash chain of each stream, and the invariant after every event. It reads; it never writes. */
export const replayLedger = async (reader: Pick<EventReader, 'readAll'>, until?: ReplayUntil): Promise<Replay> => {
  const untilMs = until && 'timeMs' in until ? until.timeMs : Number.POSITIVE_INFINITY;
  const events = until && 'position' in until ? upTo(reader.readAll(), until.position) : reader.readAll();
  const fold = new LedgerFold();
  let last = 0;
  let broken: ReplayFault | undefined;
  const visit = ({ stream, revision, position }: StoredEvent, envelope: EventEnvelope): boolean => {
    // An account's time never goes back, so all that follows in its stream is later too.
    if (Date.parse(envelope.time) > untilMs) return true;
    const reason = fold.take(envelope);
    if (reason) broken = { stream, revision, position, reason };
    else last = position;
    return reason === undefined;
  };
  const verdict = await verifyChain(events, visit);
  if (broken) return { ok: false, events: fold.events, fault: broken };
  if (!verdict.ok) return { ok: false, events: fold.events, fault: verdict.fault };
  return { ok: true, events: fold.events, position: last, accounts: fold.balances() };
};

async function* upTo(events: AsyncIterable<StoredEvent>, position: number): AsyncGenerator<StoredEvent> {
  for await (const event of events) {
    if (event.position > position) return;
    yield event;
  }
}
