// What is told beside thresholds: failing endpoints, what operators are to know, forecasts and tests.
import { findTestAlert, testAlert } from '@kwota/contracts/alerts.requests.v1';
import type { CallbackEndpointFailing, CallbackSwitchedOff } from '@kwota/contracts/delivery.v1';
import type { OperationsEvent } from '@kwota/contracts/operations.v1';
import type { UserChanged } from '@kwota/contracts/users.v1';
import {
  account,
  byBoth,
  byMail,
  bySms,
  closeAll,
  closeLater,
  crossing,
  openWorld,
  publishCrossings,
  publishEndpoints,
  publishOperations,
  publishUsers,
  startAlerts,
  until,
  userId,
} from './alerts-under-test.js';
import { startMailServer } from '@kwota/testing/mail-server';

afterEach(closeAll);

const noonMs = Date.parse('2026-11-23T12:00:00Z');
const hourMs = 60 * 60 * 1_000;
const dayMs = 24 * hourMs;
const operatorEmail = 'operator@example.net';
const failing: CallbackEndpointFailing = { type: 'CallbackEndpointFailing', account, userId, percent: 70, failingSinceMs: noonMs, atMs: noonMs + 3.5 * dayMs };
const switchedOff: CallbackSwitchedOff = { type: 'CallbackSwitchedOff', account, userId, reason: 'failing', atMs: noonMs + 5 * dayMs };
const demo: UserChanged = { type: 'UserChanged', account, userId, login: 'demo', ipRestrictions: [], version: 1 };

describe('a callback URL that fails', () => {
  it("is told to the account's recipient at each share of five days and when it is switched off, each once", async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world);
    await publishUsers(world, demo);
    await alerts.setRecipient(byMail, null);
    await world.messaging.drain();
    const told = [
      ['e-50', { ...failing, percent: 50 }],
      ['e-70', failing],
      ['e-90', { ...failing, percent: 90 }],
      ['e-off', switchedOff],
    ] as const;
    await publishEndpoints(world, ...told, ...told);
    await until(() => world.settled.length === 4);
    await world.messaging.drain();
    expect(world.settled).toMatchObject(Array.from({ length: 4 }, () => ({ account, userId, kind: 'endpoint', medium: 'mail', outcome: 'sent' })));
    const mails = alerts.mails();
    expect(mails).toHaveLength(4);
    for (const mail of mails) expect(mail).toContain('To: owner@example.org');
    for (const percent of [50, 70, 90, 100]) expect(mails.filter((mail) => mail.includes(`(${percent} %)`))).toHaveLength(1);
    expect(mails.find((mail) => mail.includes('(70 %)'))).toContain('demo has taken no delivery report since 2026-11-23 12:00 UTC');
  });

  it("is told to the user's own recipient where the account has none, and to nobody by SMS", async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world);
    await alerts.setRecipient(byBoth);
    await publishEndpoints(world, ['e-1', { ...switchedOff, reason: 'gone' }]);
    await until(() => world.settled.length === 1);
    await world.messaging.drain();
    expect(alerts.mails()).toHaveLength(1);
    expect(alerts.mails()[0]).toContain('410 Gone');
    expect(world.submitted).toEqual([]);
  });

  it('is told to the operator as well, who has many accounts', async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world, { operatorEmail });
    await publishUsers(world, demo);
    await world.messaging.drain();
    await publishEndpoints(world, ['e-1', failing]);
    await until(() => alerts.mails().length === 1);
    expect(alerts.mails()[0]).toContain(`To: ${operatorEmail}`);
    expect(alerts.mails()[0]).toContain(`Subject: ${account} demo: the callback URL fails (70 %)`);
  });
});

describe('the operator', () => {
  const down: OperationsEvent = { type: 'ConnectorDown', connector: 'default', problem: 'ECONNREFUSED', downSinceMs: noonMs, atMs: noonMs + 5 * 60_000 };
  const unknown: OperationsEvent = { type: 'CodeUnrecognised', connector: 'default', stage: 'receipt', stat: 'NONSENS', err: '777', atMs: noonMs };

  it('is told of a connector that is down and of an unknown code: no account learns of it', async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world, { operatorEmail });
    await publishOperations(world, ['o-1', down], ['o-2', unknown]);
    await until(() => alerts.mails().length === 2);
    const mails = alerts.mails().join('\n');
    expect(mails).toContain('connector default is down');
    expect(mails).toContain('since 2026-11-23 12:00 UTC: ECONNREFUSED');
    expect(mails).toContain('stat NONSENS, err 777');
    await untilEnded(alerts);
    expect(world.settled).toEqual([]);
  });

  it('gets one mail of a subject in an hour, and another after it', async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world, { operatorEmail });
    await publishOperations(world, ['o-1', down], ['o-2', down], ['o-3', { ...down, connector: 'second' }]);
    await until(() => alerts.mails().length === 2);
    await untilEnded(alerts);
    await alerts.changeRows({ createdAtMs: Date.now() - hourMs });
    await publishOperations(world, ['o-1', down], ['o-4', down]);
    await until(() => alerts.mails().length === 3);
    await world.messaging.drain();
    expect(await alerts.rows()).toHaveLength(3);
  });

  it('is told nothing where no address is set', async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world);
    await publishOperations(world, ['o-1', down]);
    await world.messaging.drain();
    expect(await alerts.rows()).toEqual([]);
    expect(world.deadLetters).toEqual([]);
  });
});

describe('a forecast', () => {
  /** What is left lasts so many days as of noon. */
  const lastsDays = (world: Awaited<ReturnType<typeof openWorld>>, days: number): void => {
    world.ledger.poolMilliCredits = days * 24_000;
    world.ledger.pace = { burnMilliCreditsPerHour: 1_000, runsOutAtMs: noonMs + days * dayMs };
  };
  const foreseeing = async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world, { forecastDays: 3 });
    await publishUsers(world, demo);
    await world.messaging.drain();
    return { world, alerts };
  };

  it('warns a user and the account once when credit runs out within the days, and again after it had lasted', async () => {
    const { world, alerts } = await foreseeing();
    await alerts.setRecipient(byMail);
    await alerts.setRecipient(byMail, null);
    lastsDays(world, 10);
    await alerts.foresee(noonMs);
    expect(await alerts.rows()).toEqual([]);
    lastsDays(world, 2);
    for (const minutes of [0, 60, 120]) await alerts.foresee(noonMs + minutes * 60_000);
    await until(() => world.settled.length === 2);
    expect(world.settled).toMatchObject([{ kind: 'forecast', outcome: 'sent' }, { kind: 'forecast', outcome: 'sent' }]);
    const subjects = alerts.mails().map((mail) => /^Subject: .*$/m.exec(mail)?.[0]).sort();
    expect(subjects[0]).toMatch(/^Subject: demo: SMS credits run out in 2 days at this rate/);
    expect(subjects[1]).toContain(account);
    lastsDays(world, 20);
    await alerts.foresee(noonMs + 3 * hourMs);
    lastsDays(world, 1);
    await alerts.foresee(noonMs + 4 * hourMs);
    await until(() => world.settled.length === 4);
  });

  it('goes out by SMS where that is set, on which no second one follows within ten minutes', async () => {
    const { world, alerts } = await foreseeing();
    await alerts.setRecipient(bySms);
    lastsDays(world, 2);
    await alerts.foresee(noonMs);
    await until(() => world.settled.length === 1);
    await publishCrossings(world, crossing());
    await until(() => world.settled.length === 2);
    expect(world.settled.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual(['forecast sent', 'threshold joined']);
    expect(world.submitted.map(({ text }) => text)).toEqual(['demo: 48 SMS credits, out in 2 days at this rate']);
  });

  it('waits for the next look where the ledger does not answer', async () => {
    const { world, alerts } = await foreseeing();
    await alerts.setRecipient(byMail);
    world.ledger.poolMilliCredits = undefined;
    await alerts.foresee(noonMs);
    expect(await alerts.rows()).toEqual([]);
    lastsDays(world, 2);
    await alerts.foresee(noonMs);
    await until(() => world.settled.length === 1);
  });
});

describe('a test', () => {
  const ask = async (alerts: Awaited<ReturnType<typeof startAlerts>>, of: string | null, testId = 't-1') => {
    const reply = await alerts.client.ask(testAlert, { account, userId: of, testId });
    if (reply.outcome === 'refused') return reply.code;
    let media = await shownMedia(alerts, testId);
    for (; media.some((one) => one.includes('waiting')); media = await shownMedia(alerts, testId)) await new Promise((resolve) => setTimeout(resolve, 10));
    return media;
  };
  const shownMedia = async (alerts: Awaited<ReturnType<typeof startAlerts>>, testId: string) =>
    (await alerts.client.ask(findTestAlert, { account, testId })).media.map(({ medium, outcome, reason }) => `${medium} ${outcome} ${reason}`.trim());

  it("goes out by each medium, marked, with today's numbers, once however often it is asked for", async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world);
    await publishUsers(world, demo);
    await alerts.setRecipient(byBoth);
    await world.messaging.drain();
    expect(await ask(alerts, userId)).toEqual(['mail sent', 'sms sent']);
    expect(await ask(alerts, userId)).toEqual(['mail sent', 'sms sent']);
    expect(alerts.mails()).toHaveLength(1);
    expect(alerts.mails()[0]).toContain('Subject: [TEST] demo: 5.25 SMS credits left');
    expect(alerts.mails()[0]).toContain('This is a test of the alert.');
    expect(world.submitted).toMatchObject([{ text: 'TEST demo: 5.25 SMS credits left (alert at 7)', source: 'alert', userId: null }]);
  });

  it('is no crossing: an alert that follows is told all the same', async () => {
    const world = await openWorld();
    const alerts = await startAlerts(world);
    await alerts.setRecipient(bySms);
    expect(await ask(alerts, userId)).toEqual(['sms sent']);
    await publishCrossings(world, crossing());
    await until(() => world.settled.length === 2);
    expect(world.settled.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual(['test sent', 'threshold sent']);
  });

  it('says why a medium did not go out, after one attempt', async () => {
    const server = await startMailServer((command) => (command.startsWith('MAIL FROM') ? '451 later' : undefined));
    closeLater(server);
    const world = await openWorld();
    world.ledger.reply = () => ({ outcome: 'refused', code: 'credit-too-low', leftMilliCredits: 0 });
    const alerts = await startAlerts(world, { smtpUrl: server.url });
    await alerts.setRecipient(byBoth, null);
    expect(await ask(alerts, null)).toEqual(['mail failed EENVELOPE 451', 'sms no-credit credit-too-low']);
    expect((await alerts.rows()).map(({ attempts }) => attempts)).toEqual([1, 1]);
  });

  it('is refused where nobody would be told', async () => {
    const alerts = await startAlerts(await openWorld());
    expect(await ask(alerts, userId)).toBe('recipient-missing');
  });
});

it.each([
  ['pl', 'pozostało 4.99 SMS (próg alertu 5)'],
  ['fr', 'reste 4.99 crédits SMS (seuil 5)'],
] as const)("KWOTA_ALERT_LANGUAGE=%s is the language of what an account has not set itself", async (language, text) => {
  const world = await openWorld();
  const alerts = await startAlerts(world, { language });
  await alerts.setRecipient(bySms);
  await publishCrossings(world, crossing());
  await until(() => world.settled.length === 1);
  expect(world.submitted[0]?.text).toContain(text);
});

const untilEnded = async (alerts: Awaited<ReturnType<typeof startAlerts>>): Promise<void> => {
  while ((await alerts.rows()).some(({ state }) => state === 'waiting')) await new Promise((resolve) => setTimeout(resolve, 5));
};
