// Users, carrier, dlr and alerts on one PostgreSQL database, a schema each; the log is in memory.
import { accepted } from '@kwota/contracts/accepted.v1';
import { setAlertRecipient } from '@kwota/contracts/alerts.requests.v1';
import { alerts as alertsTopic } from '@kwota/contracts/alerts.v1';
import { credit } from '@kwota/contracts/credit.v1';
import { findCallbackAttempts, findMessage, findMessages, setCallbacks } from '@kwota/contracts/dlr.requests.v1';
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import * as users from '@kwota/contracts/users.requests.v1';
import { AlertsModule } from '@kwota/alerts';
import { readAlertsConfig } from '@kwota/alerts/config';
import { CarrierModule } from '@kwota/carrier';
import { readCarrierConfig } from '@kwota/carrier/config';
import { DlrModule } from '@kwota/dlr';
import { readDlrConfig } from '@kwota/dlr/config';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { startPostgres } from '@kwota/postgres/postgres-server';
import { createLogger } from '@kwota/service-kit/logger';
import { ProcessMetrics } from '@kwota/service-kit/metrics';
import { RequestClient } from '@kwota/service-kit/request-client';
import { openRuntime, type ServiceRuntime } from '@kwota/service-kit/runtime';
import { startService } from '@kwota/service-kit/service';
import { startSmscSimulator } from '@kwota/smsc-simulator';
import { listenForCallbacks } from '@kwota/testing/callback-listener';
import { UsersModule } from '@kwota/users';
import type { DynamicModule } from '@nestjs/common';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const server = await startPostgres();
const onPostgres = server ? describe : describe.skip;
afterAll(() => server?.stop());

const account = 'sms-kw00001-1';
const userId = 'u-1';
const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (const giveUpAtMs = Date.now() + 10_000; !(await holds()); ) {
    if (Date.now() > giveUpAtMs) throw new Error('It did not come about within ten seconds.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

/** The four services on one log; `stop` ends them and keeps the database. */
const startServices = async (databaseUrl: string, smscUrl: string) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kwota-on-postgres-'));
  const messaging = await EmbeddedMessaging.open({ path: ':memory:', topics: topicDefinitions });
  const logger = createLogger('spec', 'error');
  const metrics = new ProcessMetrics();
  const start = async (name: string, moduleOf: (runtime: ServiceRuntime) => DynamicModule) => {
    const runtime = openRuntime(name, { messaging, logger, metrics, dataDir, secretKey: 'k'.repeat(32), databaseUrl });
    return { runtime, service: await startService(moduleOf(runtime), { name, messaging, logger }) };
  };
  const started = [
    await start('users', (runtime) => UsersModule.register(runtime)),
    await start('carrier', (runtime) => CarrierModule.register(runtime, { ...readCarrierConfig({}), smscUrl })),
    await start('dlr', (runtime) => DlrModule.register(runtime, readDlrConfig({ KWOTA_CALLBACK_ALLOW: '127.0.0.0/8' }))),
    // There is no ledger to tell the credits left: the mail goes without them.
    await start('alerts', (runtime) => AlertsModule.register(runtime, { ...readAlertsConfig({}), sendDeadlineMs: 200 })),
  ] as const;
  const requests = await RequestClient.start(messaging, 'spec', 5_000);
  return {
    messaging,
    dataDir,
    ask: requests.ask.bind(requests),
    sealing: started[0].runtime.sealing,
    stop: async () => {
      await requests.close();
      for (const { service } of started.toReversed()) await service.close();
      await messaging.close();
      for (const { runtime } of started) runtime.directory.release();
      rmSync(dataDir, { recursive: true });
    },
  };
};

onPostgres('on PostgreSQL', () => {
  let smsc: Awaited<ReturnType<typeof startSmscSimulator>>;
  let kwota: Awaited<ReturnType<typeof startServices>>;
  const start = () => startServices(server?.url ?? '', smsc.url);
  beforeAll(async () => {
    smsc = await startSmscSimulator();
    kwota = await start();
  }, 30_000);
  afterAll(async () => {
    await kwota.stop();
    await smsc.close();
  });

  const authenticate = () =>
    kwota.ask(users.authenticateUser, { account, login: 'anna', sealedPassword: kwota.sealing.seal('Abcd1234', `${account}|anna`) });

  it('users opens an account with a user, who is let in', async () => {
    expect(await kwota.ask(users.createAccount, { requestId: 'r-1', description: 'First' })).toMatchObject({ account, created: true });
    const user = { account, userId, login: 'anna', sealedPassword: kwota.sealing.seal('Abcd1234', userId) };
    expect(await kwota.ask(users.createUser, user)).toEqual({ outcome: 'done', userId });
    expect(await authenticate()).toEqual({ outcome: 'done', userId, version: 1 });
  });

  it('users creates a user once, though two ask for its login at the same moment', async () => {
    const create = (id: string) => kwota.ask(users.createUser, { account, userId: id, login: 'bea', sealedPassword: kwota.sealing.seal('Abcd1234', id) });
    const outcomes = await Promise.all([create('u-2'), create('u-3')]);
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(['done', 'refused']);
  });

  it('users gives no message id twice', async () => {
    const blocks = await Promise.all(Array.from({ length: 8 }, () => kwota.ask(users.leaseMessageIds, { instanceId: 'gateway' })));
    expect(new Set(blocks.map(({ first }) => first)).size).toBe(8);
  });

  it('one SMS is submitted by the carrier, and its fate told by dlr', async () => {
    const callbacks = await listenForCallbacks();
    await kwota.ask(setCallbacks, { account, userId, callBack: callbacks.url });
    const message = {
      kind: 'accepted' as const,
      account,
      userId,
      messages: [{ messageId: 70_001, receiver: '+33600000004', priceMilliCredits: 1_000 }],
      sender: 'KWOTA',
      text: 'Your parcel is at the door.',
      coding: '7bit' as const,
      parts: 1,
      noStop: true,
      source: 'http2sms' as const,
      acceptedAtMs: Date.now(),
      validUntilMs: Date.now() + 60_000,
    };
    // Twice, as after a crash of who published it.
    for (const id of ['1', '2']) await kwota.messaging.publish([accepted.message(message, { id, source: 'kwota/ledger' })]);
    await callbacks.until((received) => received.some(({ id, ptt, dlr }) => id === '70001' && ptt === '4' && dlr === '1'), 10_000);
    await callbacks.close();
    expect(smsc.submissions.count('33600000004')).toBe(1);
    expect(await kwota.ask(findMessages, { account, userId, pending: false })).toEqual({ outcome: 'done', messageIds: [70_001] });
    await until(async () => (await kwota.ask(findCallbackAttempts, { account, messageId: 70_001 })).callbacks.at(-1)?.state === 'delivered');
  });

  it('an alert goes out as a mail, once', async () => {
    await kwota.ask(setAlertRecipient, { account, userId, recipient: { alertEmail: 'owner@example.org', alertNumber: '', support: 'mail' } });
    const settled: string[] = [];
    const handle = async (batch: readonly { value: string | null }[]): Promise<void> => {
      for (const { value } of batch) settled.push((JSON.parse(value ?? '{}') as { outcome: string }).outcome);
    };
    await kwota.messaging.subscribe({ topic: alertsTopic.topic, group: 'spec', kind: 'shared', handle });
    const crossing = {
      type: 'ThresholdCrossed' as const,
      account,
      accountSequence: 40,
      time: '2026-11-23T12:00:00.000Z',
      crossingId: `${account}.1`,
      userId,
      levelMilliCredits: 5_000,
      leftMilliCredits: 4_999,
      causedBy: 'http2sms' as const,
    };
    for (const id of ['1', '2']) await kwota.messaging.publish([credit.message(crossing, { id, source: 'kwota/ledger' })]);
    await until(() => settled.length > 0);
    await kwota.messaging.drain();
    expect(settled).toEqual(['sent']);
    const [mail, ...others] = readdirSync(join(kwota.dataDir, 'mails')).map((file) => readFileSync(join(kwota.dataDir, 'mails', file), 'utf8'));
    expect(mail).toContain('To: owner@example.org');
    expect(others).toEqual([]);
  });

  it('after a restart on an empty folder all is there', async () => {
    await kwota.stop();
    kwota = await start();
    expect(await authenticate()).toEqual({ outcome: 'done', userId, version: 1 });
    expect(await kwota.ask(findMessage, { account, userId, messageId: 70_001 })).toMatchObject({ message: { ptt: 4, dlr: 1, final: true, creditsMilli: 1_000 } });
  });
});
