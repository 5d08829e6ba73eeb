import { testAlert } from '@kwota/contracts/alerts.requests.v1';
import { delivery, type DeliveryEvent } from '@kwota/contracts/delivery.v1';
import { account, bySms, byBoth, byMail, closeAll, openWorld, startAlerts, until, userId, type World } from './alerts-under-test.js';

afterEach(closeAll);

const publish = ({ messaging }: World, ...events: readonly DeliveryEvent[]) =>
  messaging.publish(events.map((event, index) => delivery.message(event, { id: `${index}`, source: 'kwota/dlr' })));
const failing = { type: 'CallbackEndpointFailing', account, userId, percent: 70, failingSinceMs: 1_000, atMs: 2_000 } as const;
const off = { type: 'CallbackSwitchedOff', account, userId, reason: 'failing', atMs: 3_000 } as const;
/** Quoted-printable where it has letters beyond ASCII. */
const plain = (mail: string): string => mail.replaceAll('=\r\n', '');

describe('a callback URL that fails', () => {
  it('is told of by mail once, however often the event comes, and again when it is switched off', async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world);
    await alerts.setRecipient(byMail);
    await publish(world, failing, failing, off);
    await until(() => alerts.mails().length === 2);
    await publish(world, failing, off);
    await world.messaging.drain();
    const mails = alerts.mails().map(plain);
    expect(mails.filter((mail) => mail.includes('70 %'))).toHaveLength(1);
    expect(mails.filter((mail) => mail.includes('switched off: set one'))).toHaveLength(1);
    expect((await alerts.rows()).map(({ state }) => state)).toEqual(['sent', 'sent']);
    expect(world.settled).toEqual([]);
  });

  it('is told to the account’s owner where the user has nobody', async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world);
    await alerts.setRecipient({ ...byMail, alertEmail: 'account@example.org' }, null);
    await publish(world, failing);
    await until(() => alerts.mails().length === 1);
    expect(alerts.mails()[0]).toContain('account@example.org');
  });

  it('is told in the installation’s language', async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world, { language: 'fr' });
    await alerts.setRecipient(byMail);
    await publish(world, off);
    await until(() => alerts.mails().length === 1);
    expect(plain(alerts.mails()[0] ?? '')).toContain('Bonjour');
  });
});

describe('a test', () => {
  const ask = (alerts: Awaited<ReturnType<typeof startAlerts>>, testId: string) => alerts.client.ask(testAlert, { account, userId, testId });

  it('goes out by each medium, the SMS charged like any alert, once for its id', async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world);
    await alerts.setRecipient(byBoth);
    expect(await ask(alerts, 'one')).toEqual({ outcome: 'done', media: ['mail', 'sms'] });
    await ask(alerts, 'one');
    await until(() => alerts.mails().length === 1 && world.submitted.length === 1);
    expect(world.submitted[0]).toMatchObject({ userId: null, source: 'alert', receivers: [bySms.alertNumber], parts: 1 });
    expect(alerts.mails()[0]).toContain('test');
    expect(await alerts.rows()).toHaveLength(2);
  });

  it('is refused where nobody is told', async () => {
    const alerts = await startAlerts(await openWorld());
    expect(await ask(alerts, 'one')).toEqual({ outcome: 'refused', code: 'nobody-is-told' });
  });
});
