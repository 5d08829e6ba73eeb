// One message's money, from its hold to its end, out of the events about it alone.
import type { EventEnvelope } from '@kwota/audit-log';
import type { CreditEvent, CreditsHeld, MilliCredits } from '@kwota/credit-ledger';

export type MessageMoney = Readonly<{
  /** Undefined: it was never held. */
  held: CreditsHeld | undefined;
  heldMilliCredits: MilliCredits;
  capturedMilliCredits: MilliCredits;
  releasedMilliCredits: MilliCredits;
  refundedMilliCredits: MilliCredits;
  /** What it cost: captured less refunded. */
  chargedMilliCredits: MilliCredits;
  outcome: 'never held' | 'refused' | 'withdrawn' | 'held' | 'charged' | 'charged in part' | 'not charged';
  refusedWith: string | undefined;
}>;

export const eventOf = ({ type, data }: EventEnvelope): CreditEvent => ({ type, ...data }) as CreditEvent;

export const moneyOf = (envelopes: readonly EventEnvelope[]): MessageMoney => {
  const events = envelopes.map(eventOf);
  const held = events.find((event) => event.type === 'CreditsHeld');
  const sum = (...types: CreditEvent['type'][]): MilliCredits =>
    events.reduce((total, event) => (types.includes(event.type) && 'amountMilliCredits' in event ? total + (event.amountMilliCredits ?? 0) : total), 0);
  const heldMilliCredits = sum('CreditsHeld');
  const capturedMilliCredits = sum('CreditsCaptured', 'CaptureCorrected');
  const releasedMilliCredits = sum('CreditsReleased');
  const refundedMilliCredits = sum('CreditsRefunded');
  const refusal = events.find((event) => event.type === 'CommandRefused' && event.command === 'HoldCredits');
  const isOpen = held !== undefined && !events.some((event) => event.type === 'CreditsCaptured' || event.type === 'CreditsReleased');
  const isWithdrawn = events.some((event) => event.type === 'MessagesWithdrawn' || ('reason' in event && event.reason === 'withdrawn'));
  const chargedMilliCredits = capturedMilliCredits - refundedMilliCredits;
  const outcome = (): MessageMoney['outcome'] => {
    if (!held) return refusal ? 'refused' : isWithdrawn ? 'withdrawn' : 'never held';
    if (isWithdrawn) return 'withdrawn';
    if (isOpen) return 'held';
    if (chargedMilliCredits === 0) return heldMilliCredits === 0 ? 'charged' : 'not charged';
    return chargedMilliCredits < heldMilliCredits ? 'charged in part' : 'charged';
  };
  return {
    held,
    heldMilliCredits,
    capturedMilliCredits,
    releasedMilliCredits,
    refundedMilliCredits,
    chargedMilliCredits,
    outcome: outcome(),
    refusedWith: refusal?.type === 'CommandRefused' ? refusal.code : undefined,
  };
};
