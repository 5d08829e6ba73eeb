// Events, rightly chained, added up by the code that the ledger itself runs; every charge and refund must have what it comes from.
import { BrokenInvariant, chargeOf, evolve, newCreditAccount, type CreditAccount, type CreditEvent, type MilliCredits } from '@kwota/credit-ledger';
import type { EventEnvelope } from './event-envelope.js';

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

/**
 * The events are as they were written, but: `held-twice` one message is held a second time; `charge-without-hold` more is captured or released
 * than is held for it; `refund-without-charge` more is refunded than it was charged; `invariant-broken` the account does not add up (DESIGN §3).
 */
export type MoneyFault = 'held-twice' | 'charge-without-hold' | 'refund-without-charge' | 'invariant-broken' | 'unknown-event';

/** An incoming transfer that no account sent. */
export type LostTransfer = Readonly<{ account: string; transferId: string; fromAccount: string }>;

export class LedgerFold {
  events = 0;
  private readonly accounts = new Map<string, CreditAccount>();

  /** Adds one event up, or tells why it cannot be right: then nothing of its account is to be added any more. */
  take({ account, time, type, data, commandId, source }: EventEnvelope): MoneyFault | undefined {
    let state = this.accounts.get(account);
    if (!state) this.accounts.set(account, (state = newCreditAccount(account)));
    const event = { type, ...data } as CreditEvent;
    const missing = missingLink(state, event);
    if (missing) return missing;
    try {
      evolve(state, event, { timeMs: Date.parse(time), commandId, source: source ?? undefined });
    } catch (error) {
      return error instanceof BrokenInvariant ? 'invariant-broken' : 'unknown-event';
    }
    this.events += 1;
    return isOverdrawn(state, event) ? 'invariant-broken' : undefined;
  }

  balances(): readonly AccountBalance[] {
    return Array.from(this.accounts.values(), balanceOf);
  }

  /** To be asked when all events are in: a transfer's two sides lie in two streams. */
  lostTransfers(): readonly LostTransfer[] {
    return [...this.accounts.values()].flatMap(({ account, transfersIn }) =>
      [...transfersIn].flatMap(([incoming, { otherAccount, amountMilliCredits }]) => {
        const transferId = incoming.slice(otherAccount.length + 1);
        const sent = this.accounts.get(otherAccount)?.transfersOut.get(transferId);
        return sent?.otherAccount === account && sent.amountMilliCredits === amountMilliCredits && !sent.returned
          ? []
          : [{ account, transferId, fromAccount: otherAccount }];
      }),
    );
  }
}

const missingLink = (account: CreditAccount, event: CreditEvent): MoneyFault | undefined => {
  switch (event.type) {
    case 'CreditsHeld':
      return chargeOf(account, event.messageId) ? 'held-twice' : undefined;
    case 'CreditsCaptured':
    case 'CreditsReleased':
      return isWithin(event.amountMilliCredits, account.openCharges.get(event.messageId)?.heldMilliCredits) ? undefined : 'charge-without-hold';
    case 'CreditsRefunded':
      return isWithin(event.amountMilliCredits, chargeOf(account, event.messageId)?.capturedMilliCredits) ? undefined : 'refund-without-charge';
    case 'CaptureCorrected': {
      const charge = chargeOf(account, event.messageId);
      return isWithin(event.amountMilliCredits, charge && charge.amountMilliCredits - charge.capturedMilliCredits) ? undefined : 'charge-without-hold';
    }
    default:
      return undefined;
  }
};

/** The ledger's own check looks at the sum of all quotas; one that is below zero may hide behind the others. */
const isOverdrawn = (account: CreditAccount, event: CreditEvent): boolean =>
  'userId' in event && typeof event.userId === 'string' && (account.users.get(event.userId)?.grant?.leftMilliCredits ?? 0) < 0;

const isWithin = (amount: MilliCredits, most: MilliCredits | undefined): boolean => most !== undefined && amount >= 0 && amount <= most;

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
