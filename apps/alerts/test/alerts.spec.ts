import { findAlertRecipients, findAlertTemplates, setAlertTemplates } from '@kwota/contracts/alerts.requests.v1';
import type { UserChanged } from '@kwota/contracts/users.v1';
import {
  account,
  byBoth,
  byMail,
  bySms,
  closeAll,
  crossing,
  endUser,
  openWorld,
  publishCrossings,
  publishUsers,
  startAlerts,
  until,
  userId,
} from './alerts-under-test.js';

afterEach(closeAll);

const demo: UserChanged = { type: 'UserChanged', account, userId, login: 'demo', ipRestrictions: [], version: 1 };
const templates = {
  customizedEmailMode: true,
  customizedSmsMode: true,
  emailFrom: 'credit@example.org',
  emailSubject: 'Low: |USER|',
  emailBody: '|REMAINING| of |ALERTTHRESHOLD|, pool |CREDITSLEFT|',
  smsBody: '|USER| has |REMAINING|',
};

describe('a crossing', () => {
  it('becomes a mail to the recipient, and a fact', async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world);
    await publishUsers(world, demo);
    await alerts.setRecipient(byMail);
    await world.messaging.drain();
    const event = crossing();
    await publishCrossings(world, event);
    await until(() => world.settled.length === 1);
    expect(world.settled).toMatchObject([{ account, userId, crossingId: event.crossingId, medium: 'mail', outcome: 'sent' }]);
    const [mail = ''] = alerts.mails();
    expect(mail).toContain('To: owner@example.org');
    expect(mail).toContain('From: kwota@localhost');
    expect(mail).toContain('Subject: demo: 4.99 SMS credits left');
    expect(mail).toContain('reaches the alert threshold of 5.');
    expect(mail).toContain('The account has 5.25 credits left.');
    expect(mail).toContain('Auto-Submitted: auto-generated');
  });

  it('that comes twice from the log is told once', async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world);
    await alerts.setRecipient(byBoth);
    const event = crossing();
    await publishCrossings(world, event, event);
    await until(() => world.settled.length === 2);
    await publishCrossings(world, event, crossing({ userId: 'u-without-recipient' }));
    await world.messaging.drain();
    expect(world.settled.map(({ medium, outcome }) => `${medium} ${outcome}`).sort()).toEqual(['mail sent', 'sms sent']);
    expect(world.submitted).toHaveLength(1);
    expect(alerts.mails()).toHaveLength(1);
  });

  it("of the account goes to the account's recipient, under its name", async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world);
    await alerts.setRecipient(byMail, null);
    await publishCrossings(world, crossing({ userId: null }));
    await until(() => world.settled.length === 1);
    expect(world.settled[0]?.userId).toBeNull();
    expect(alerts.mails()[0]).toContain(`Subject: ${account}: 4.99 SMS credits left`);
  });

  it('is told without the credits left when the ledger does not say them', async () => {
    const world = await openWorld();
    world.ledger.poolMilliCredits = undefined;
    const alerts = await startAlerts(world);
    await alerts.setRecipient(byMail);
    await publishCrossings(world, crossing());
    await until(() => world.settled.length === 1);
    expect(alerts.mails()[0]).toContain('The account has unknown credits left.');
  });
});

describe("an alert's SMS", () => {
  it("is a submission of the account, from its first enabled sender, without STOP clause", async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world);
    await publishUsers(
      world,
      demo,
      { type: 'SenderChanged', account, sender: 'ACME', status: 'disable', version: 2 },
      { type: 'SenderChanged', account, sender: 'SHOP', status: 'enable', version: 1 },
    );
    await alerts.setRecipient(bySms);
    await world.messaging.drain();
    const event = crossing();
    await publishCrossings(world, event);
    await until(() => world.settled.length === 1);
    expect(world.submitted).toMatchObject([
      {
        account,
        userId: null,
        messageIds: [65_537],
        receivers: ['+33600000004'],
        sender: 'SHOP',
        text: 'demo: 4.99 SMS credits left (alert at 5)',
        coding: '7bit',
        parts: 1,
        noStop: true,
        source: 'alert',
        crossingId: event.crossingId,
      },
    ]);
  });

  it('that the ledger refuses for want of credit leaves the mail to tell', async () => {
    const world = await openWorld();
    world.ledger.reply = () => ({ outcome: 'refused', code: 'credit-too-low', leftMilliCredits: 0 });
    const alerts = await startAlerts(world);
    await alerts.setRecipient(byBoth);
    await publishCrossings(world, crossing());
    await until(() => world.settled.length === 2);
    expect(world.settled.map(({ medium, outcome }) => `${medium} ${outcome}`).sort()).toEqual(['mail sent', 'sms no-credit']);
    expect(alerts.mails()).toHaveLength(1);
  });

  it('is not sent for a crossing that an alert caused', async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world);
    await alerts.setRecipient(byBoth);
    await publishCrossings(world, crossing({ causedBy: 'alert' }));
    await until(() => world.settled.length === 1);
    await world.messaging.drain();
    expect(world.settled).toMatchObject([{ medium: 'mail', outcome: 'sent' }]);
    expect(world.submitted).toEqual([]);
  });

  it('to the same number within ten minutes is joined to the first, however the number is written', async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world);
    await alerts.setRecipient(bySms);
    await alerts.setRecipient({ ...bySms, alertNumber: '0033600000004' }, null);
    await publishCrossings(world, crossing(), crossing({ userId: null }));
    await until(() => world.settled.length === 2);
    await publishCrossings(world, crossing());
    await until(() => world.settled.length === 3);
    expect(world.settled.map(({ outcome }) => outcome).sort()).toEqual(['joined', 'joined', 'sent']);
    expect(world.submitted).toHaveLength(1);
  });

  it('to what is no number fails, and is not tried again', async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world);
    await alerts.setRecipient({ ...bySms, alertNumber: '12' });
    await publishCrossings(world, crossing());
    await until(() => world.settled.length === 1);
    expect(world.settled).toMatchObject([{ medium: 'sms', outcome: 'failed' }]);
  });
});

describe('the requests', () => {
  it('show recipients and texts as they were set', async () => {
    const { client, setRecipient } = await startAlerts(await openWorld());
    await setRecipient(byMail);
    await setRecipient(byBoth);
    await setRecipient(bySms, null);
    expect(await client.ask(findAlertRecipients, { account })).toEqual({
      outcome: 'done',
      recipients: [
        { ...bySms, userId: null },
        { ...byBoth, userId },
      ],
    });
    await client.ask(setAlertTemplates, { account, templates });
    expect(await client.ask(findAlertTemplates, { account })).toEqual({ outcome: 'done', templates });
  });

  it('show the defaults where an account has no texts', async () => {
    const { client } = await startAlerts(await openWorld());
    expect(await client.ask(findAlertTemplates, { account })).toMatchObject({
      templates: { customizedEmailMode: false, customizedSmsMode: false, emailFrom: 'kwota@localhost' },
    });
  });

  it("are what alerts are written with: the account's own texts", async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world);
    await publishUsers(world, demo);
    await alerts.client.ask(setAlertTemplates, { account, templates });
    await alerts.setRecipient(byBoth);
    await world.messaging.drain();
    await publishCrossings(world, crossing());
    await until(() => world.settled.length === 2);
    expect(alerts.mails()[0]).toMatch(/^From: credit@example\.org$/m);
    expect(alerts.mails()[0]).toContain('4.99 of 5, pool 5.25');
    expect(world.submitted[0]?.text).toBe('demo has 4.99');
  });
});

it('a line break in a subject makes no header of its own', async () => {
  const world = await openWorld();
  const alerts = await startAlerts(world);
  await alerts.client.ask(setAlertTemplates, { account, templates: { ...templates, emailSubject: 'Low\r\nBcc: other@example.org' } });
  await alerts.setRecipient(byMail);
  await publishCrossings(world, crossing());
  await until(() => world.settled.length === 1);
  expect(alerts.mails()[0]).not.toMatch(/^Bcc:/m);
});

it('a deleted user has no recipient any more', async () => {
  const world = await openWorld();
  const { client, setRecipient } = await startAlerts(world);
  await publishUsers(world, demo);
  await setRecipient(byMail);
  await endUser(world, `${account}|user:${userId}`);
  await world.messaging.drain();
  expect(await client.ask(findAlertRecipients, { account })).toEqual({ outcome: 'done', recipients: [] });
});
