// The carrier as it runs, over a log in memory and a real SMPP connection to the simulator.
import { jest } from '@jest/globals';
import { accepted, type Accepted, type AcceptedSubmission } from '@kwota/contracts/accepted.v1';
import { setConnector, type ConnectorChange } from '@kwota/contracts/carrier.requests.v1';
import { incoming, type MessageFromPhone } from '@kwota/contracts/incoming.v1';
import type { TopicContract } from '@kwota/contracts/define-topic';
import { stops } from '@kwota/contracts/stops.v1';
import { operations, type OperationsEvent } from '@kwota/contracts/operations.v1';
import { receipts, type PartReceipt } from '@kwota/contracts/receipts.v1';
import { deadLetterTopicOf, type IncomingMessage, type TopicDefinition } from '@kwota/messaging';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { createLogger } from '@kwota/service-kit/logger';
import { ProcessMetrics } from '@kwota/service-kit/metrics';
import { RequestClient } from '@kwota/service-kit/request-client';
import { openRuntime } from '@kwota/service-kit/runtime';
import { startService } from '@kwota/service-kit/service';
import { startSmscSimulator, type SmscSimulator, type SmscSimulatorOptions } from '@kwota/smsc-simulator';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCarrierConfig, type CarrierConfig } from '../src/carrier.config.js';
import { CarrierModule } from '../src/carrier.module.js';

/** For every suite that uses this: a machine that is busy with other suites is slow. */
jest.setTimeout(30_000);

const deadLetters = { topic: deadLetterTopicOf(accepted.topic), kept: accepted.kept };
const topics: TopicDefinition[] = [
  ...[accepted, receipts, operations, incoming, stops, deadLetters].map(({ topic, kept }) => ({ topic, kept })),
  { topic: setConnector.topic, kept: { kind: 'for', retentionMs: 86_400_000 } },
  { topic: 'kwota.replies.v1', kept: { kind: 'ephemeral', retentionMs: 86_400_000 } },
];

const opened: { close(): Promise<void> }[] = [];
/** For afterEach: what a test opened closes in the opposite order. */
export const closeAll = async (): Promise<void> => {
  for (const one of opened.splice(0).reverse()) await one.close();
};

export const simulate = async (options?: SmscSimulatorOptions): Promise<SmscSimulator> => {
  const simulator = await startSmscSimulator(options);
  opened.push(simulator);
  return simulator;
};

export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'kwota-carrier-'));
  opened.push({ close: async () => rmSync(folder, { recursive: true }) });
  return folder;
};

/** What comes on a topic from now on, as it comes. */
const collect = async <Message>(messaging: EmbeddedMessaging, { topic, read }: Pick<TopicContract<Message>, 'topic' | 'read'>): Promise<Message[]> => {
  const collected: Message[] = [];
  await messaging.subscribe({
    topic,
    group: 'test',
    kind: 'broadcast',
    handle: async (batch) => {
      for (const { value } of batch) {
        const result = read(value ?? '', undefined);
        if ('message' in result) collected.push(result.message);
      }
    },
  });
  return collected;
};

/** What goes on to dlr. */
export const collectFromPhones = (messaging: EmbeddedMessaging): Promise<MessageFromPhone[]> => collect(messaging, incoming);

/** Starts the carrier; several with one database file follow each other, as after a restart. */
export const startCarrier = async (smscUrl: string, overrides: Partial<CarrierConfig> = {}, databaseUrl = '') => {
  const messaging = await EmbeddedMessaging.open({ path: ':memory:', topics });
  const logger = createLogger('carrier', 'error');
  const metrics = new ProcessMetrics();
  const runtime = openRuntime('carrier', { messaging, logger, metrics, dataDir: temporaryFolder(), secretKey: 'test'.repeat(8), databaseUrl });
  const config = { ...readCarrierConfig({}), smscUrl, ...overrides };
  const service = await startService(CarrierModule.register(runtime, config), { name: 'carrier', messaging, logger });
  await service.subscribed;
  const requests = await RequestClient.start(messaging, 'test', 5_000);
  const reported: PartReceipt[] = await collect(messaging, receipts);
  /** What operators are to know. */
  const told: OperationsEvent[] = await collect(messaging, operations);
  const deadReasons: (string | undefined)[] = [];
  const collectReasons = async (batch: readonly IncomingMessage[]): Promise<void> => void deadReasons.push(...batch.map(({ headers }) => headers['dead-reason']));
  await messaging.subscribe({ topic: deadLetters.topic, group: 'test', kind: 'broadcast', handle: collectReasons });
  let isOpen = true;
  const carrier = {
    reported,
    told,
    app: service.app,
    messaging,
    deadReasons,
    health: runtime.health,
    metrics,
    accept: (...messages: readonly Accepted[]) =>
      messaging.publish(messages.map((message, index) => accepted.message(message, { id: `${index}`, source: 'kwota/ledger' }))),
    ask: requests.ask.bind(requests),
    set: (name: string, settings: ConnectorChange, { url, paused }: { url?: string; paused?: boolean } = {}) =>
      requests.ask(setConnector, {
        name,
        add: url !== undefined,
        settings,
        ...(url !== undefined && { sealedUrl: runtime.sealing.seal(url, `connector|${name}`) }),
        ...(paused !== undefined && { paused }),
      }),
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      await requests.close();
      await service.close();
      await messaging.close();
      runtime.directory.release();
    },
  };
  opened.push(carrier);
  return carrier;
};

let lastMessageId = 70_000;
/** One message to each receiver, valid for a minute. */
export const messageTo = (receivers: readonly string[], fields: Partial<AcceptedSubmission> = {}): AcceptedSubmission => ({
  kind: 'accepted',
  account: 'sms-kw00001-1',
  userId: 'u-1',
  messages: receivers.map((receiver) => ({ messageId: (lastMessageId += 1), receiver, priceMilliCredits: 1_000 })),
  sender: 'KWOTA',
  text: 'Your parcel is at the door.',
  coding: '7bit',
  parts: 1,
  noStop: true,
  source: 'http2sms',
  acceptedAtMs: Date.now(),
  validUntilMs: Date.now() + 60_000,
  ...fields,
});

export const withdrawalOf = ({ account, userId, messages }: AcceptedSubmission): Accepted => ({
  kind: 'withdrawn',
  account,
  userId,
  messageIds: messages.map(({ messageId }) => messageId),
  withdrawnAtMs: Date.now(),
});

/** @throws Error after that time: a machine that is busy with other suites is slow. */
export const until = async (holds: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> => {
  for (const giveUpAtMs = Date.now() + timeoutMs; !(await holds()); ) {
    if (Date.now() > giveUpAtMs) throw new Error('It did not come about in time.');
    await pause(5);
  }
};

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
