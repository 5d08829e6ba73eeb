import type { AlertRecipient } from '@kwota/contracts/alerts.requests.v1';
import { normaliseNumber } from '@kwota/sms-text';
import type { AlertMedium } from '../alerts.entities.js';

export type AlertToSend = Readonly<{ medium: AlertMedium; address: string }>;

/** By which media a recipient is told; `bySms` false leaves the SMS out, whatever is set. */
export const mediaOfRecipient = ({ alertEmail, alertNumber, support }: AlertRecipient, { bySms }: { bySms: boolean }): readonly AlertToSend[] => {
  const alerts: AlertToSend[] = [];
  if (support !== 'sms' && alertEmail !== '') alerts.push({ medium: 'mail', address: alertEmail });
  // One form for a number, so that its alerts are known to be to the same; what is none fails when it is sent.
  if (support !== 'mail' && alertNumber !== '' && bySms) alerts.push({ medium: 'sms', address: normaliseNumber(alertNumber) ?? alertNumber });
  return alerts;
};
