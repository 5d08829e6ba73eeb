// dlr as it runs, over a log in memory, with a customer's endpoint that does what a test says.
import { jest } from '@jest/globals';
import { accepted, type Accepted, type AcceptedSubmission } from '@kwota/contracts/accepted.v1';
import { delivery, type CallbackEndpointFailing, type CallbackSwitchedOff, type MessageStateChanged } from '@kwota/contracts/delivery.v1';
import { setCallbacks } from '@kwota/contracts/dlr.requests.v1';
import { incoming } from '@kwota/contracts/incoming.v1';
import { stops } from '@kwota/contracts/stops.v1';
import { submissions } from '@kwota/contracts/submissions.v1';
import { leaseMessageIds } from '@kwota/contracts/users.requests.v1';
import { receipts, type PartReceipt } from '@kwota/contracts/receipts.v1';
import { users } from '@kwota/contracts/users.v1';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import type { TopicDefinition } from '@kwota/messaging';
import { createLogger } from '@kwota/service-kit/logger';
import { ProcessMetrics } from '@kwota/service-kit/metrics';
import { RequestClient } from '@kwota/service-kit/request-client';
import { openRuntime } from '@kwota/service-kit/runtime';
import { startService } from '@kwota/service-kit/service';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDlrConfig, type DlrConfig } from '../src/dlr.config.js';
import { DlrModule } from '../src/dlr.module.js';

/** For every suite that uses this: a machine that is busy with other suites is slow. */
jest.setTimeout(30_000);

const topics: TopicDefinition[] = [
  ...[accepted, receipts, delivery, users, incoming, stops, submissions].map(({ topic, kept }) => ({ topic, kept })),
  { topic: leaseMessageIds.topic, kept: { kind: 'for', retentionMs: 86_400_000 } },
  { topic: setCallbacks.topic, kept: { kind: 'for', retentionMs: 86_400_000 } },
  { topic: 'kwota.replies.v1', kept: { kind: 'ephemeral', retentionMs: 86_400_000 } },
];

const opened: { close(): Promise<void> }[] = [];
/** For afterEach: what a test opened closes in the opposite order. */
export const closeAll = async (): Promise<void> => {
  for (const one of opened.splice(0).reverse()) await one.close();
};

export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'kwota-dlr-'));
  opened.push({ close: async () => rmSync(folder, { recursive: true }) });
  return folder;
};

export type Called = Readonly<{ method: string; path: string; search: string; query: Record<string, string>; headers: IncomingMessage['headers']; atMs: number }> & { body: string };

/** A customer's endpoint; `answer` decides, 200 where it is left out. */
export const startEndpoint = async (answer: (called: Called, response: ServerResponse, index: number) => void = (_, response) => void response.end('OK')) => {
  const called: Called[] = [];
  const server = createServer((incoming, response) => {
    const { pathname, search, searchParams } = new URL(incoming.url ?? '', 'http://localhost');
    const { method = '', headers } = incoming;
    const one = { method, path: pathname, search, query: Object.fromEntries(searchParams), headers, atMs: Date.now(), body: '' };
    called.push(one);
    incoming.on('data', (chunk: Buffer) => (one.body += chunk.toString()));
    answer(one, response, called.length - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address && typeof address === 'object' ? address.port : 0;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  opened.push({ close });
  return { called, url: `http://127.0.0.1:${port}/dlr`, port };
};

/** Starts dlr; several with one database file follow each other, as after a restart. */
export const startDlr = async (overrides: Partial<DlrConfig> = {}, databaseUrl = '') => {
  const messaging = await EmbeddedMessaging.open({ path: ':memory:', topics });
  const logger = createLogger('dlr', 'error');
  const runtime = openRuntime('dlr', { messaging, logger, metrics: new ProcessMetrics(), dataDir: temporaryFolder(), secretKey: 'test'.repeat(8), databaseUrl });
  const config = { ...readDlrConfig({ KWOTA_CALLBACK_ALLOW: '127.0.0.0/8', KWOTA_CALLBACK_RETRY_SCHEDULE: '50ms,50ms' }), ...overrides };
  const service = await startService(DlrModule.register(runtime, config), { name: 'dlr', messaging, logger });
  await service.subscribed;
  const requests = await RequestClient.start(messaging, 'test', 5_000);
  const events: MessageStateChanged[] = [];
  /** What owners of callback URLs are to know. */
  const notices: (CallbackEndpointFailing | CallbackSwitchedOff)[] = [];
  await messaging.subscribe({
    topic: delivery.topic,
    group: 'test',
    kind: 'broadcast',
    handle: async (batch) => {
      for (const { value } of batch) {
        const read = delivery.read(value ?? '', undefined);
        if (!('message' in read)) continue;
        if (read.message.type === 'MessageStateChanged') events.push(read.message);
        else notices.push(read.message);
      }
    },
  });
  let isOpen = true;
  const dlr = {
    app: service.app,
    events,
    notices,
    sealing: runtime.sealing,
    messaging,
    ask: requests.ask.bind(requests),
    accept: (...messages: readonly Accepted[]) =>
      messaging.publish(messages.map((message, index) => accepted.message(message, { id: `${index}`, source: 'kwota/ledger' }))),
    receive: (...reports: readonly PartReceipt[]) =>
      messaging.publish(reports.map((report, index) => receipts.message(report, { id: `${index}`, source: 'kwota/carrier' }))),
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      await requests.close();
      await service.close();
      await messaging.close();
      runtime.directory.release();
    },
  };
  opened.push(dlr);
  return dlr;
};

export const account = 'sms-kw00001-1';
export const userId = 'u-1';
export const noonMs = Date.parse('2026-11-23T12:00:00Z');

/** Messages to one receiver each, valid for three days. */
export const messagesOf = (messageIds: readonly number[], fields: Partial<AcceptedSubmission> = {}): AcceptedSubmission => ({
  kind: 'accepted',
  account,
  userId,
  messages: messageIds.map((messageId) => ({ messageId, receiver: '+33600000004', priceMilliCredits: 1_000 })),
  sender: 'KWOTA',
  text: 'Your parcel is at the door.',
  coding: '7bit',
  parts: 1,
  noStop: true,
  source: 'http2sms',
  acceptedAtMs: noonMs,
  validUntilMs: Date.now() + 3 * 24 * 3_600_000,
  ...fields,
});

export const reportOf = (messageId: number, fields: Partial<PartReceipt> = {}): PartReceipt => ({
  kind: 'part',
  account,
  messageId,
  part: 1,
  parts: 1,
  stage: 'receipt',
  ptt: 4,
  dlr: 1,
  final: true,
  recognised: true,
  atMs: noonMs + 2_000,
  raw: { connector: 'default' },
  ...fields,
});
export const submittedReport = (messageId: number, fields: Partial<PartReceipt> = {}): PartReceipt =>
  reportOf(messageId, { stage: 'submitted', ptt: 3, dlr: 8, final: false, atMs: noonMs + 1_000, ...fields });

/** @throws Error after that time: a machine that is busy with other suites is slow. */
export const until = async (holds: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> => {
  for (const giveUpAtMs = Date.now() + timeoutMs; !(await holds()); ) {
    if (Date.now() > giveUpAtMs) throw new Error('It did not come about in time.');
    await pause(5);
  }
};

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
