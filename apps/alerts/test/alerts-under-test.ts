// Alerts as it runs, over a log in memory; the test answers for users and for the ledger.
import { jest } from '@jest/globals';
import type { AlertRecipient } from '@kwota/contracts/alerts.requests.v1';
import { setAlertRecipient } from '@kwota/contracts/alerts.requests.v1';
import { alerts as alertsTopic, type AlertSettled } from '@kwota/contracts/alerts.v1';
import { credit } from '@kwota/contracts/credit.v1';
import { delivery, type CallbackEndpointFailing, type CallbackSwitchedOff } from '@kwota/contracts/delivery.v1';
import { showAccount, showUsers } from '@kwota/contracts/ledger.requests.v1';
import { operations, type OperationsEvent } from '@kwota/contracts/operations.v1';
import { submissions, type SendSubmission, type SubmissionReply } from '@kwota/contracts/submissions.v1';
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { leaseMessageIds } from '@kwota/contracts/users.requests.v1';
import { users, type UsersEvent } from '@kwota/contracts/users.v1';
import { deadLetterTopicOf, type IncomingMessage } from '@kwota/messaging';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { replyTo } from '@kwota/messaging/requests';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { createLogger } from '@kwota/service-kit/logger';
import { ProcessMetrics } from '@kwota/service-kit/metrics';
import { RequestClient } from '@kwota/service-kit/request-client';
import { openRuntime } from '@kwota/service-kit/runtime';
import { startService } from '@kwota/service-kit/service';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { In } from 'typeorm';
import { readAlertsConfig, type AlertsConfig } from '../src/alerts.config.js';
import { alertEntity, type AlertRow } from '../src/alerts.entities.js';
import { ForecastWorker } from '../src/forecast-credit/forecast.worker.js';
import { AlertsModule } from '../src/alerts.module.js';
import type { ThresholdCrossed } from '@kwota/contracts/credit.v1';

/** For every suite that uses this: a machine that is busy with other suites is slow. */
jest.setTimeout(30_000);

export const account = 'sms-kw00001-1';
export const userId = 'u-1';
export const byMail: AlertRecipient = { alertEmail: 'owner@example.org', alertNumber: '', support: 'mail' };
export const bySms: AlertRecipient = { alertEmail: '', alertNumber: '+33600000004', support: 'sms' };
export const byBoth: AlertRecipient = { ...byMail, alertNumber: '+33600000004', support: 'both' };

const opened: { close(): Promise<void> }[] = [];
/** For afterEach: what a test opened closes in the opposite order. */
export const closeAll = async (): Promise<void> => {
  for (const one of opened.splice(0).reverse()) await one.close();
};

export const closeLater = (one: { close(): Promise<void> }): void => void opened.push(one);

const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'kwota-alerts-'));
  closeLater({ close: async () => rmSync(folder, { recursive: true }) });
  return folder;
};

export type Ledger = { reply: (submission: SendSubmission) => SubmissionReply | undefined; poolMilliCredits: number | undefined; pace: { burnMilliCreditsPerHour?: number; runsOutAtMs?: number | null } };

/** A log with a ledger, users and a reader of alerts.v1, in which several alerts services may follow each other. */
export const openWorld = async () => {
  const dataDir = temporaryFolder();
  const messaging = await EmbeddedMessaging.open({ path: ':memory:', topics: topicDefinitions });
  closeLater(messaging);
  const ledger: Ledger = {
    reply: ({ messageIds }) => ({ outcome: 'accepted', messageIds, takenMilliCredits: 1_000, leftMilliCredits: 4_000 }),
    poolMilliCredits: 5_250,
    pace: {},
  };
  const submitted: SendSubmission[] = [];
  const settled: AlertSettled[] = [];
  const answer = async (request: IncomingMessage, body: object | undefined): Promise<void> => {
    const reply = body && replyTo(request, JSON.stringify(body), {});
    if (reply) await messaging.publish([reply]);
  };
  const listen = (topic: string, handleOne: (message: IncomingMessage) => Promise<void>) =>
    messaging.subscribe({
      topic,
      group: 'test',
      kind: 'shared',
      handle: async (batch) => {
        for (const message of batch) await handleOne(message);
      },
    });
  await listen(submissions.topic, async (incoming) => {
    const read = submissions.read(incoming.value ?? '', undefined);
    if (!('message' in read) || read.message.kind !== 'send') throw new Error('Not a submission to send.');
    submitted.push(read.message);
    await answer(incoming, ledger.reply(read.message));
  });
  let leases = 0;
  await listen(leaseMessageIds.topic, (incoming) => answer(incoming, { outcome: 'done', first: 65_536 * (leases += 1) + 1, count: 65_536 }));
  await listen(showAccount.topic, (incoming) => answer(incoming, creditOf(ledger, incoming.headers['ce_type'])));
  await listen(alertsTopic.topic, async (incoming) => {
    const read = alertsTopic.read(incoming.value ?? '', incoming.headers['ce_type']);
    if ('message' in read) settled.push(read.message);
  });
  const deadLetters: IncomingMessage[] = [];
  for (const { topic } of [credit, users, delivery, operations]) await listen(deadLetterTopicOf(topic), async (incoming) => void deadLetters.push(incoming));
  const logged: string[] = [];
  const logger = createLogger('alerts', 'warn', { write: (line) => void logged.push(line) });
  // Of the world, not of one service: within a process the folder's lock is let go only when its statements are collected.
  const runtime = openRuntime('alerts', { messaging, logger, metrics: new ProcessMetrics(), dataDir, secretKey: 'test'.repeat(8), databaseUrl: '' });
  closeLater({ close: async () => runtime.directory.release() });
  return { dataDir, messaging, runtime, ledger, submitted, settled, deadLetters, logged };
};

export type World = Awaited<ReturnType<typeof openWorld>>;

/** A user of the account has what it has, and an alert at 7 credits. */
const creditOf = ({ poolMilliCredits, pace }: Ledger, requestType: string | undefined): object | undefined => {
  if (poolMilliCredits === undefined) return undefined;
  if (requestType === showUsers.type) {
    return { outcome: 'done', users: [{ userId, quotaActive: true, leftMilliCredits: poolMilliCredits, thresholdMilliCredits: 7_000, ...pace }] };
  }
  return {
    outcome: 'done',
    poolMilliCredits,
    heldByQuotaMilliCredits: 0,
    heldByMessagesMilliCredits: 0,
    consumedMilliCredits: 0,
    usersWithQuota: 0,
    openHolds: 0,
    accountSequence: 1,
    thresholdMilliCredits: null,
    ...pace,
  };
};

export const startAlerts = async (world: World, overrides: Partial<AlertsConfig> = {}) => {
  const { messaging, runtime, dataDir } = world;
  const config = { ...readAlertsConfig({}), sendDeadlineMs: 300, ...overrides };
  const service = await startService(AlertsModule.register(runtime, config), { name: 'alerts', messaging, logger: runtime.logger });
  await service.subscribed;
  const client = await RequestClient.start(messaging, 'gateway', 2_000);
  const database = service.app.get(ServiceDatabase);
  let isOpen = true;
  const alerts = {
    client,
    rows: () => database.read((manager) => manager.find(alertEntity, { order: { medium: 'ASC' } })),
    /** Of all rows, e.g. to make due what waits. TypeORM wants a condition, and every row has a medium. */
    changeRows: async (fields: Partial<AlertRow>): Promise<void> => {
      await database.transaction((manager) => manager.update(alertEntity, { medium: In(['mail', 'sms']) }, fields));
    },
    setRecipient: (recipient: AlertRecipient, of: string | null = userId) => client.ask(setAlertRecipient, { account, userId: of, recipient }),
    /** As the hourly look does it. */
    foresee: (nowMs: number) => service.app.get(ForecastWorker).look(nowMs),
    mails: (): string[] => mailsIn(join(dataDir, 'mails')),
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      await client.close();
      await service.close();
    },
  };
  closeLater(alerts);
  return alerts;
};

/** Quoted-printable lines put together again (RFC 2045 6.7). */
const mailsIn = (folder: string): string[] => {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.eml')).map((name) => readFileSync(join(folder, name), 'utf8').replaceAll(/=\r?\n/g, ''));
  } catch {
    return [];
  }
};

let crossings = 0;
/** What a user has left fell to 5 credits, by default. */
export const crossing = (fields: Partial<ThresholdCrossed> = {}): ThresholdCrossed => ({
  type: 'ThresholdCrossed',
  account,
  accountSequence: 40,
  time: new Date(1_795_435_200_000).toISOString(),
  crossingId: `${account}.${(crossings += 1)}`,
  userId,
  levelMilliCredits: 5_000,
  leftMilliCredits: 4_999,
  causedBy: 'http2sms',
  ...fields,
});

export const publishCrossings = async ({ messaging }: World, ...events: readonly ThresholdCrossed[]): Promise<void> =>
  messaging.publish(events.map((event) => credit.message(event, { id: event.crossingId, source: 'kwota/ledger' })));

export const publishUsers = async ({ messaging }: World, ...events: readonly UsersEvent[]): Promise<void> =>
  messaging.publish(events.map((event, index) => users.message(event, { id: `${index}`, source: 'kwota/users' })));

export const publishEndpoints = async ({ messaging }: World, ...events: readonly (readonly [id: string, CallbackEndpointFailing | CallbackSwitchedOff])[]): Promise<void> =>
  messaging.publish(events.map(([id, event]) => delivery.message(event, { id, source: 'kwota/dlr' })));

export const publishOperations = async ({ messaging }: World, ...events: readonly (readonly [id: string, OperationsEvent])[]): Promise<void> =>
  messaging.publish(events.map(([id, event]) => operations.message(event, { id, source: 'kwota/carrier' })));

export const endUser = async ({ messaging }: World, key: string): Promise<void> =>
  messaging.publish([{ topic: users.topic, key, value: null, headers: { ce_source: 'kwota/users' } }]);

/** @throws Error after five seconds. */
export const until = async (holds: () => boolean): Promise<void> => {
  for (const giveUpAtMs = Date.now() + 5_000; !holds(); ) {
    if (Date.now() > giveUpAtMs) throw new Error('It did not come about within five seconds.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
