import { account, byBoth, byMail, bySms, closeAll, closeLater, crossing, openWorld, publishCrossings, startAlerts, until } from './alerts-under-test.js';
import { startMailServer } from '@kwota/testing/mail-server';

afterEach(closeAll);

const dayMs = 24 * 60 * 60 * 1_000;

const mailServer = async (answerTo?: (command: string) => string | undefined) => {
  const server = await startMailServer(answerTo);
  closeLater(server);
  return server;
};

/** One crossing to tell by mail over an SMTP server. */
const startWithServer = async (smtpUrl: string) => {
  const world = await openWorld();
  const alerts = await startAlerts(world, { smtpUrl });
  await alerts.setRecipient(byMail);
  await publishCrossings(world, crossing());
  return { world, alerts };
};

describe('over SMTP', () => {
  it('a mail reaches the server with one recipient', async () => {
    const server = await mailServer();
    const { world } = await startWithServer(server.url);
    await until(() => world.settled.length === 1);
    expect(server.received).toMatchObject([{ from: 'kwota@localhost', to: ['owner@example.org'] }]);
    expect(server.received[0]?.content).toContain(`Subject: ${account}: 4.99 SMS credits left`);
  });

  it('a server that wants it later gets it later, under the same Message-ID', async () => {
    let isBusy = true;
    const commands: string[] = [];
    const server = await mailServer((command) => {
      commands.push(command);
      return isBusy && command.startsWith('MAIL FROM') ? '451 try later' : undefined;
    });
    const { world, alerts } = await startWithServer(server.url);
    await until(() => commands.some((command) => command.startsWith('MAIL FROM')));
    await waitForAttempts(alerts, 1);
    expect(world.settled).toEqual([]);
    isBusy = false;
    await alerts.changeRows({ dueAtMs: 0 });
    await until(() => world.settled.length === 1);
    expect(world.settled).toMatchObject([{ medium: 'mail', outcome: 'sent' }]);
    await alerts.changeRows({ state: 'waiting', dueAtMs: 0 });
    await until(() => server.received.length === 2);
    const messageIds = server.received.map(({ content }) => /^Message-ID: .*$/m.exec(content)?.[0]);
    expect(messageIds[0]).toBeDefined();
    expect(messageIds[1]).toBe(messageIds[0]);
  });

  it('a recipient whom the server refuses is not tried again', async () => {
    const server = await mailServer((command) => (command.startsWith('RCPT TO') ? '550 no such mailbox' : undefined));
    const { world } = await startWithServer(server.url);
    await until(() => world.settled.length === 1);
    expect(world.settled).toMatchObject([{ medium: 'mail', outcome: 'failed' }]);
  });

  it('a server that stays away for a day has failed', async () => {
    const server = await startMailServer();
    await server.close();
    const { world, alerts } = await startWithServer(server.url);
    await waitForAttempts(alerts, 1);
    expect(world.settled).toEqual([]);
    expect(world.runtime.health.look()).toMatchObject({ ready: true, parts: { alerts: { warnings: ['alerts by mail do not go out at present: ESOCKET'] } } });
    await alerts.changeRows({ createdAtMs: Date.now() - dayMs, dueAtMs: 0 });
    await until(() => world.settled.length === 1);
    expect(world.settled).toMatchObject([{ medium: 'mail', outcome: 'failed' }]);
  });
});

it('no address, number or text is logged, nor the password of the mail server', async () => {
  const { host } = new URL((await mailServer((command) => (command.startsWith('RCPT TO') ? `550 ${command}` : undefined))).url);
  const world = await openWorld();
  world.ledger.reply = () => ({ outcome: 'refused', code: 'account-frozen', leftMilliCredits: 0 });
  const alerts = await startAlerts(world, { smtpUrl: `smtp://owner:hunter22@${host}` });
  await alerts.setRecipient(byBoth);
  await publishCrossings(world, crossing());
  await until(() => world.logged.length >= 2);
  const lines = world.logged.join('');
  expect(lines).toContain('account-frozen');
  for (const secret of ['example.org', '33600000004', 'credits left', 'hunter22']) expect(lines).not.toContain(secret);
});

describe('after a restart', () => {
  it('an SMS whose answer never came is the same submission, not a second one', async () => {
    const world = await openWorld();
    const { reply } = world.ledger;
    world.ledger.reply = () => undefined;
    const first = await startAlerts(world);
    await first.setRecipient(bySms);
    await publishCrossings(world, crossing());
    await until(() => world.submitted.length === 1);
    await first.close();
    world.ledger.reply = reply;
    const second = await startAlerts(world);
    await second.changeRows({ dueAtMs: 0 });
    await until(() => world.settled.length === 1);
    expect(world.settled).toMatchObject([{ medium: 'sms', outcome: 'sent' }]);
    expect(world.submitted).toHaveLength(2);
    expect(world.submitted[1]).toEqual(world.submitted[0]);
    expect(await second.rows()).toMatchObject([{ state: 'sent', submission: null }]);
  });

  it('a mail that was written but not recorded as sent is the same file', async () => {
    const world = await openWorld();
    const first = await startAlerts(world);
    await first.setRecipient(byMail);
    await publishCrossings(world, crossing());
    await until(() => world.settled.length === 1);
    await first.changeRows({ state: 'waiting', dueAtMs: Date.now() + dayMs });
    await first.close();
    const second = await startAlerts(world);
    await second.changeRows({ dueAtMs: 0 });
    await until(() => world.settled.length === 2);
    expect(second.mails()).toHaveLength(1);
  });

  it('a crossing that was told is known', async () => {
    const world = await openWorld();
    const first = await startAlerts(world);
    await first.setRecipient(byBoth);
    const event = crossing();
    await publishCrossings(world, event);
    await until(() => world.settled.length === 2);
    await first.close();
    const second = await startAlerts(world);
    await publishCrossings(world, event);
    await world.messaging.drain();
    expect(await second.rows()).toHaveLength(2);
    expect(world.submitted).toHaveLength(1);
  });
});

it('an SMS that the ledger could not decide is tried again', async () => {
  const world = await openWorld();
  const { reply } = world.ledger;
  world.ledger.reply = () => ({ outcome: 'failed', reason: 'store' });
  const alerts = await startAlerts(world);
  await alerts.setRecipient(bySms);
  await publishCrossings(world, crossing());
  await waitForAttempts(alerts, 1);
  world.ledger.reply = reply;
  await alerts.changeRows({ dueAtMs: 0 });
  await until(() => world.settled.length === 1);
  expect(world.settled).toMatchObject([{ medium: 'sms', outcome: 'sent' }]);
});

const waitForAttempts = async (alerts: Awaited<ReturnType<typeof startAlerts>>, attempts: number): Promise<void> => {
  while ((await alerts.rows())[0]?.attempts !== attempts) await new Promise((resolve) => setTimeout(resolve, 5));
};
