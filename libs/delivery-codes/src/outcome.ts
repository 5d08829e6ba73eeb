import { isFinalDlr, type DlrId } from './dlr.js';
import { isKnownPtt, type Ptt } from './ptt.js';

/** What is known of one part. `recognised: false` marks a code outside our tables, kept as it came: its reader says so aloud. */
export type DeliveryOutcome = Readonly<{ ptt: Ptt; dlr: DlrId; final: boolean; recognised: boolean }>;

/** The outcome of a code and DLR id that belong together; final as the DLR id says. */
export const outcomeOf = (ptt: Ptt, dlr: DlrId): DeliveryOutcome => ({ ptt, dlr, final: isFinalDlr(dlr), recognised: isKnownPtt(ptt) });

/** The SMSC has taken the part. */
export const submittedOutcome: DeliveryOutcome = outcomeOf(3, 8);

/** The validity ended before the part was submitted, or the SMSC gave no reason. */
export const expiredOutcome: DeliveryOutcome = outcomeOf(8, 2);

/** The validity ended and no receipt came: final for silence, which a real receipt may correct. */
export const silentOutcome: DeliveryOutcome = outcomeOf(6, 2);

/** The receiver answered STOP after the message had been accepted: not sent, not billed. */
export const stopListOutcome: DeliveryOutcome = outcomeOf(23, 16);

/** Withdrawn before it was submitted: not sent, not billed. */
export const withdrawnOutcome: DeliveryOutcome = outcomeOf(20, 16);
