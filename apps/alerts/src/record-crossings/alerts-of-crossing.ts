import type { AlertRecipient } from '@kwota/contracts/alerts.requests.v1';
import type { CreditFact } from '@kwota/contracts/credit.v1';
import { normaliseNumber } from '@kwota/sms-text';
import type { AlertMedium } from '../alerts.entities.js';

export type ThresholdCrossed = Extract<CreditFact, { type: 'ThresholdCrossed' }>;
export type AlertToSend = Readonly<{ medium: AlertMedium; address: string }>;

/** Which media tell of a crossing. One that an alert's own SMS caused is told by mail alone, or alerts would feed themselves (OVH.md 9). */
export const alertsOfCrossing = ({ causedBy }: Pick<ThresholdCrossed, 'causedBy'>, recipient: AlertRecipient): readonly AlertToSend[] => {
  const { alertEmail, alertNumber, support } = recipient;
  const alerts: AlertToSend[] = [];
  if (support !== 'sms' && alertEmail !== '') alerts.push({ medium: 'mail', address: alertEmail });
  // One form for a number, so that its alerts are known to be to the same; what is none fails when it is sent.
  if (support !== 'mail' && alertNumber !== '' && causedBy !== 'alert') alerts.push({ medium: 'sms', address: normaliseNumber(alertNumber) ?? alertNumber });
  return alerts;
};
