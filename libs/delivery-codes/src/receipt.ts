import { outcomeOf, submittedOutcome, type DeliveryOutcome } from './outcome.js';
import { dlrOfPtt } from './ptt.js';

/** What a delivery receipt says: `stat` and `err` of its text, `message_state` of its TLV, as they came. */
export type Receipt = Readonly<{ stat?: string; err?: string; messageState?: number }>;

/** `kwota`: the receipt's three-digit `err` is a ptt, as our simulator writes it. `generic`: an SMSC whose `err` means something of its own. */
export type ReceiptProfile = 'kwota' | 'generic';

const delivered = outcomeOf(4, 1);
const expired = outcomeOf(8, 2);
const undelivered = outcomeOf(5, 2);
const rejected = outcomeOf(20, 2);
const unknownState = outcomeOf(6, 2);

/** SMPP 3.4, appendix B: the words in a receipt's text, cut to seven letters. */
const outcomeByStat: Readonly<Record<string, DeliveryOutcome>> = {
  DELIVRD: delivered,
  EXPIRED: expired,
  DELETED: undelivered,
  UNDELIV: undelivered,
  ACCEPTD: submittedOutcome,
  UNKNOWN: unknownState,
  REJECTD: rejected,
  ENROUTE: submittedOutcome,
};

/** SMPP 3.4, 5.2.28; 0 (scheduled) comes with SMPP 5. */
const outcomeByMessageState: Readonly<Record<number, DeliveryOutcome>> = {
  0: submittedOutcome,
  1: submittedOutcome,
  2: delivered,
  3: expired,
  4: undelivered,
  5: undelivered,
  6: submittedOutcome,
  7: unknownState,
  8: rejected,
};

/** An unknown word must not end a message: it stays open until a receipt that we understand, or silence, ends it. */
const notUnderstood: DeliveryOutcome = { ...submittedOutcome, recognised: false };

/** Some SMSCs write `err:000` for "no error" whatever the profile; OVH's newer platform too (OVH.md 5.3). */
const noError = 0;

const outcomeByState = ({ stat, messageState }: Receipt): DeliveryOutcome =>
  outcomeByStat[stat?.trim().toUpperCase() ?? ''] ?? outcomeByMessageState[messageState ?? -1] ?? notUnderstood;

const pttInErr = (err: string | undefined): number | undefined => {
  const digits = err?.trim() ?? '';
  return /^\d{3}$/.test(digits) && Number(digits) !== noError ? Number(digits) : undefined;
};

/**
 * The outcome of a delivery receipt. In profile `kwota` a known ptt in `err` decides alone; an unknown one is kept and `stat` decides the
 * DLR id. Otherwise `stat` decides, and `message_state` where `stat` is missing or no word of SMPP's. Intermediate states are not final.
 */
export const outcomeOfReceipt = (receipt: Receipt, profile: ReceiptProfile): DeliveryOutcome => {
  const ptt = profile === 'kwota' ? pttInErr(receipt.err) : undefined;
  if (ptt === undefined) return outcomeByState(receipt);
  const dlr = dlrOfPtt(ptt);
  return dlr === undefined ? { ...outcomeByState(receipt), ptt, recognised: false } : outcomeOf(ptt, dlr);
};
