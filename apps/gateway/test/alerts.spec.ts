import { findAlertRecipients, findTestAlert, setAlertRecipient, testAlert } from '@kwota/contracts/alerts.requests.v1';
import { setThreshold, showAccount } from '@kwota/contracts/ledger.requests.v1';
import { AlertsClient } from '../src/manage-alerts/alerts.client.js';
import { OvhError } from '../src/v6/ovh-error.js';
import { answeringServices, type Replies } from './answering-services.js';

const account = 'sms-kw00001-1';
const byMail = { alertEmail: 'owner@example.org', alertNumber: '', alertThreshold: 20, support: 'mail' } as const;

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

/** The client, with the test answering for ledger and alerts. */
const startClient = async (replies: Replies) => {
  const { requests, asked, close } = await answeringServices(['alerts', 'ledger'], replies);
  opened.push({ close });
  return { alerts: new AlertsClient(requests), asked };
};

const refusalOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof OvhError ? `${error.httpStatus} ${error.message}` : 'no OvhError'),
  );

describe("the alert on an account's pool", () => {
  it('is weighed, has its recipient set, and then fires where it must', async () => {
    const { alerts, asked } = await startClient({});
    await alerts.change(account, byMail);
    const recipient = { alertEmail: byMail.alertEmail, alertNumber: byMail.alertNumber, support: byMail.support };
    expect(asked).toEqual([
      { name: setThreshold.name, body: { account, userId: null, levelMilliCredits: 20_000, dryRun: true } },
      { name: setAlertRecipient.name, body: { account, userId: null, recipient } },
      { name: setThreshold.name, body: { account, userId: null, levelMilliCredits: 20_000, dryRun: false } },
    ]);
  });

  it('is shown with -1 where it is off', async () => {
    const done = { outcome: 'done', poolMilliCredits: 0, heldByQuotaMilliCredits: 0, heldByMessagesMilliCredits: 0, consumedMilliCredits: 0, usersWithQuota: 0, openHolds: 0, accountSequence: 0 };
    const { alerts } = await startClient({
      [showAccount.name]: () => ({ ...done, thresholdMilliCredits: null }),
      [findAlertRecipients.name]: () => ({ outcome: 'done', recipients: [] }),
    });
    expect(await alerts.show(account)).toEqual({ alertEmail: '', alertNumber: '', alertThreshold: -1, support: 'mail' });
  });

  it.each([
    [{ ...byMail, alertEmail: '' }, '400 alertEmail is required for support mail'],
    [{ ...byMail, support: 'both' as const }, '400 alertNumber is required for support both'],
    [{ ...byMail, alertThreshold: 0 }, '400 alertThreshold must be -1 (off) or at least 1'],
  ])('%j is refused: %s', async (alert, refusal) => {
    const { alerts, asked } = await startClient({});
    expect(await refusalOf(alerts.change(account, alert))).toBe(refusal);
    expect(asked).toEqual([]);
  });

  it('of an unknown account is refused before anything is set', async () => {
    const { alerts, asked } = await startClient({ [setThreshold.name]: () => ({ outcome: 'refused', code: 'account-unknown' }) });
    expect(await refusalOf(alerts.change(account, byMail))).toBe('404 This service does not exist');
    expect(asked).toHaveLength(1);
  });
});

describe('a test of an alert', () => {
  it('is answered when each medium has come to its end', async () => {
    const [mail, sms] = [{ medium: 'mail', outcome: 'sent', reason: '' }, { medium: 'sms', outcome: 'waiting', reason: '' }];
    let looks = 0;
    const { alerts, asked } = await startClient({
      [findTestAlert.name]: () => ({ outcome: 'done', media: [mail, (looks += 1) < 3 ? sms : { ...sms, outcome: 'no-credit', reason: 'credit-too-low' }] }),
    });
    expect(await alerts.test(account, 'u-1', 't-1')).toEqual({ media: [mail, { medium: 'sms', outcome: 'no-credit', reason: 'credit-too-low' }] });
    expect(asked.map(({ name }) => name)).toEqual([testAlert.name, ...Array.from({ length: 3 }, () => findTestAlert.name)]);
  });

  it('is refused where nobody would be told', async () => {
    const { alerts } = await startClient({ [testAlert.name]: () => ({ outcome: 'refused', code: 'recipient-missing' }) });
    expect(await refusalOf(alerts.test(account, null, 't-1'))).toMatch(/^400 No alert recipient is set/);
  });
});
