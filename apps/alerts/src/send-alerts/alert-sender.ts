import type { AlertOutcome, AlertRow } from '../alerts.entities.js';

/** How one attempt ended. `retry`: it may pass; the reason is a code, without addresses or texts. */
export type AttemptEnd =
  | { readonly outcome: Exclude<AlertOutcome, 'joined'>; readonly reason?: string }
  | { readonly outcome: 'retry'; readonly reason: string };

/** Sends alerts of one medium. It may be asked again for an alert that has gone out: the repeat must be recognisable as one. */
export type AlertSender = Readonly<{ send: (alert: AlertRow) => Promise<AttemptEnd> }>;
