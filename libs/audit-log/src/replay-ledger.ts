// `kwota audit replay`: the balances that a store adds up to, at any moment of its past, by the code that the ledger itself runs.
import { BrokenInvariant, evolve, newCreditAccount, type CreditAccount, type CreditEvent, type MilliCredits } from '@kwota/credit-ledger';
import type { EventReader, StoredEvent } from '@kwota/event-store';
import type { EventEnvelope } from './event-envelope.js';
import { verifyChain, type ChainFault } from './verify-chain.js';

/** Up to and with a position in the store, or up to and with an instant by the events' own times. Left out: all. */
export type ReplayUntil = Readonly<{ position: number }> | Readonly<{ timeMs: number }>;

export type UserBalance = Readonly<{ userId: string; quotaActive: boolean; leftMilliCredits: MilliCredits; thresholdMilliCredits: MilliCredits | null }>;

export type AccountBalance = Readonly<{
  account: string;
  status: CreditAccount['status'];
  /** Of the last event folded, with its time in ISO 8601. */
  revision: number;
  time: string;
  poolMilliCredits: MilliCredits;
  quotasMilliCredits: MilliCredits;
  heldMilliCredits: MilliCredits;
  consumedMilliCredits: MilliCredits;
  purchasedMilliCredits: MilliCredits;
  adjustedMilliCredits: MilliCredits;
  transferredInMilliCredits: MilliCredits;
  transferredOutMilliCredits: MilliCredits;
  openHolds: number;
  users: readonly UserBalance[];
}>;

/** `invariant-broken`: the events are as they were written, but they do not add up (DESIGN §3). */
export type ReplayFault = Omit<ChainFault, 'reason'> & Readonly<{ reason: ChainFault['reason'] | 'invariant-broken' | 'unknown-event' }>;

export type Replay =
  | Readonly<{ ok: true; events: number; position: number; accounts: readonly AccountBalance[] }>
  | Readonly<{ ok: false; events: number; fault: ReplayFault }>;

/** Folds the store and checks on the way: the hash chain of each stream, and the invariant after every event. It reads; it never writes. */
export const replayLedger = async (reader: Pick<EventReader, 'readAll'>, until?: ReplayUntil): Promise<Replay> => {
  const fold = new Fold(until && 'timeMs' in until ? until.timeMs : Number.POSITIVE_INFINITY);
  const events = until && 'position' in until ? upTo(reader.readAll(), until.position) : reader.readAll();
  const verdict = await verifyChain(events, (event, envelope) => fold.take(event, envelope));
  if (fold.fault) return { ok: false, events: fold.events, fault: fold.fault };
  if (!verdict.ok) return { ok: false, events: fold.events, fault: verdict.fault };
  return { ok: true, events: fold.events, position: fold.position, accounts: fold.balances() };
};

async function* upTo(events: AsyncIterable<StoredEvent>, position: number): AsyncGenerator<StoredEvent> {
  for await (const event of events) {
    if (event.position > position) return;
    yield event;
  }
}

class Fold {
  events = 0;
  position = 0;
  fault: ReplayFault | undefined;
  private readonly accounts = new Map<string, CreditAccount>();

  constructor(private readonly untilMs: number) {}

  /** Only what was right comes here. False: no more is wanted. */
  take(event: StoredEvent, envelope: EventEnvelope): boolean {
    this.fault = this.fold(event, envelope);
    return this.fault === undefined;
  }

  balances(): readonly AccountBalance[] {
    return Array.from(this.accounts.values(), balanceOf);
  }

  private fold({ stream, revision, position }: StoredEvent, { account, time, type, data, commandId, source }: EventEnvelope): ReplayFault | undefined {
    const timeMs = Date.parse(time);
    // An account's time never goes back, so all that follows in its stream is later too.
    if (timeMs > this.untilMs) return undefined;
    let state = this.accounts.get(account);
    if (!state) this.accounts.set(account, (state = newCreditAccount(account)));
    try {
      evolve(state, { type, ...data } as CreditEvent, { timeMs, commandId, source: source ?? undefined });
    } catch (error) {
      return { stream, revision, position, reason: error instanceof BrokenInvariant ? 'invariant-broken' : 'unknown-event' };
    }
    this.events += 1;
    this.position = position;
    return undefined;
  }
}

const balanceOf = (state: CreditAccount): AccountBalance => ({
  account: state.account,
  status: state.status,
  revision: state.revision,
  time: new Date(state.timeMs).toISOString(),
  poolMilliCredits: state.poolMilliCredits,
  quotasMilliCredits: state.quotasMilliCredits,
  heldMilliCredits: state.heldMilliCredits,
  consumedMilliCredits: state.consumedMilliCredits,
  purchasedMilliCredits: state.purchasedMilliCredits,
  adjustedMilliCredits: state.adjustedMilliCredits,
  transferredInMilliCredits: state.transferredInMilliCredits,
  transferredOutMilliCredits: state.transferredOutMilliCredits,
  openHolds: state.openCharges.size,
  users: Array.from(state.users, ([userId, { grant, threshold }]) => ({
    userId,
    quotaActive: grant !== undefined,
    leftMilliCredits: grant?.leftMilliCredits ?? state.poolMilliCredits,
    thresholdMilliCredits: threshold?.levelMilliCredits ?? null,
  })),
});
