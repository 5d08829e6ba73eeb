import { findAlertRecipients, findTestAlert, setAlertRecipient, testAlert } from '@kwota/contracts/alerts.requests.v1';
import { setThreshold, showAccount } from '@kwota/contracts/ledger.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';
import type { AlertThresholdDto } from '../manage-users/api-user.dto.js';
import { badRequest, objectUnknown, serviceUnknown, type OvhError } from '../v6/ovh-error.js';
import type { TestedAlertView } from './alert.dto.js';

/** OVH's panel sends it for "no alert" (OVH.md 6). */
const thresholdOff = -1;
/** How long whoever asks for a test waits for its end, and how often it is looked for. */
const testWithinMs = 10_000;
const testLookMs = 200;

/** Alert thresholds and who is told, of API users and (our extension) of an account's pool. `userId` null is the account. */
@Injectable()
export class AlertsClient {
  constructor(private readonly requests: RequestClient) {}

  /** @throws OvhError 400 with the field that does not fit the others. */
  check({ alertThreshold, alertEmail, alertNumber, support }: AlertThresholdDto, field = 'alertThresholdInformations.'): void {
    if (alertThreshold === thresholdOff) return;
    if (alertThreshold < 1) throw badRequest(`${field}alertThreshold must be -1 (off) or at least 1`);
    if (support !== 'sms' && !alertEmail) throw badRequest(`${field}alertEmail is required for support ${support}`);
    if (support !== 'mail' && !alertNumber) throw badRequest(`${field}alertNumber is required for support ${support}`);
  }

  async setRecipient(account: string, userId: string | null, { alertEmail, alertNumber, support }: AlertThresholdDto): Promise<void> {
    await this.requests.ask(setAlertRecipient, { account, userId, recipient: { alertEmail: alertEmail ?? '', alertNumber: alertNumber ?? '', support } });
  }

  /** @throws OvhError of what the ledger refuses; `dryRun` changes nothing. */
  async setThreshold(account: string, userId: string | null, { alertThreshold }: AlertThresholdDto, dryRun: boolean): Promise<void> {
    const levelMilliCredits = alertThreshold === thresholdOff ? null : alertThreshold * 1_000;
    const reply = await this.requests.ask(setThreshold, { account, userId, levelMilliCredits, dryRun });
    if (reply.outcome === 'refused') throw refusalOf(reply.code);
  }

  async recipientOf(account: string, userId: string | null): Promise<Omit<AlertThresholdDto, 'alertThreshold'>> {
    const { recipients } = await this.requests.ask(findAlertRecipients, { account });
    const { alertEmail = '', alertNumber = '', support = 'mail' } = recipients.find((one) => one.userId === userId) ?? {};
    return { alertEmail, alertNumber, support };
  }

  /** The account's own, on its pool. */
  async show(account: string): Promise<AlertThresholdDto> {
    const [credit, recipient] = await Promise.all([this.requests.ask(showAccount, { account }), this.recipientOf(account, null)]);
    if (credit.outcome === 'refused') throw serviceUnknown();
    return { ...recipient, alertThreshold: shownThreshold(credit.thresholdMilliCredits) };
  }

  async change(account: string, alert: AlertThresholdDto): Promise<void> {
    this.check(alert, '');
    await this.setThreshold(account, null, alert, true);
    // Before the threshold: one at or above what is left fires at once, and somebody must be there to be told.
    await this.setRecipient(account, null, alert);
    await this.setThreshold(account, null, alert, false);
  }

  /** Sends a marked alert, once per test id, and says what became of it, by medium. @throws OvhError 400 where nobody would be told. */
  async test(account: string, userId: string | null, testId: string): Promise<TestedAlertView> {
    const reply = await this.requests.ask(testAlert, { account, userId, testId });
    if (reply.outcome === 'refused') throw badRequest('No alert recipient is set: neither alertEmail nor alertNumber');
    for (const giveUpAtMs = Date.now() + testWithinMs; ; ) {
      const { media } = await this.requests.ask(findTestAlert, { account, testId });
      if (media.every(({ outcome }) => outcome !== 'waiting') || Date.now() > giveUpAtMs) return { media };
      await new Promise((resolve) => setTimeout(resolve, testLookMs));
    }
  }
}

/** Whole credits, as OVH shows it. */
export const shownThreshold = (milliCredits: number | null | undefined): number => (milliCredits == null ? thresholdOff : Math.floor(milliCredits / 1_000));

const refusalOf = (code: string): OvhError => {
  if (code === 'account-unknown') return serviceUnknown();
  if (code === 'user-unknown' || code === 'user-closed') return objectUnknown();
  return badRequest(`Refused: ${code}`);
};
