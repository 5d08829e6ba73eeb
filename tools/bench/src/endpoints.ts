// From receipt to callback over 10,000 endpoints, with and without some that hang and some that fail: dlr alone, in this process.
import { accepted, type AcceptedSubmission } from '@kwota/contracts/accepted.v1';
import { setCallbacks } from '@kwota/contracts/dlr.requests.v1';
import { receipts, type PartReceipt } from '@kwota/contracts/receipts.v1';
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { DlrModule } from '@kwota/dlr';
import { readDlrConfig } from '@kwota/dlr/config';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { createLogger } from '@kwota/service-kit/logger';
import { ProcessMetrics } from '@kwota/service-kit/metrics';
import { RequestClient } from '@kwota/service-kit/request-client';
import { openRuntime } from '@kwota/service-kit/runtime';
import { startService } from '@kwota/service-kit/service';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './figure.js';

const endpoints = 10_000;
/** Of a hundred endpoints one hangs and one fails. */
const oneIn = 100;
const receiptsPerSecond = 400;
/** Longer than twice the time after which a request that hangs is given up. */
const measuredSeconds = 25;
/** Each run anew: connections, caches and compiled code are as in any other. */
const warmUpSeconds = 5;
const runsOfEach = 2;
const tickMs = 10;
const setAtOnce = 200;
const acceptedAtOnce = 500;
/** On a machine that is busy otherwise the figures say so, instead of an error. */
const drainMsMax = 60_000;
/** As many connections as dlr makes at a time find room before they are taken: a system that drops one lets its maker wait a second. */
const backlog = 4_096;

type Manner = 'well' | 'hangs' | 'fails';
const mannerOf = (endpoint: number): Manner => (endpoint % oneIn === 0 ? 'hangs' : endpoint % oneIn === 1 ? 'fails' : 'well');

/** All endpoints: one listener, told apart by the address that is called. `call` hears of each as it comes. */
const startSink = async (call: (endpoint: number, messageId: number) => Manner) => {
  const server = createServer((incoming, response) => {
    incoming.resume();
    const { searchParams } = new URL(incoming.url ?? '', 'http://sink');
    const manner = call(endpointAt(incoming.socket.localAddress ?? ''), Number(searchParams.get('id')));
    // What hangs keeps its connection for as long as its caller waits.
    if (manner !== 'hangs') response.writeHead(manner === 'fails' ? 500 : 200).end('OK');
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '0.0.0.0', backlog }, resolve));
  const address = server.address();
  const port = address && typeof address === 'object' ? address.port : 0;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { urlOf: (endpoint: number) => `http://${addressOf(endpoint)}:${port}/dlr`, close };
};

/** 127.1.0.0 and the following: all of 127.0.0.0/8 is this machine. */
const addressOf = (endpoint: number): string => `127.1.${Math.floor(endpoint / 256)}.${endpoint % 256}`;
const endpointAt = (address: string): number => {
  const [third = 0, fourth = 0] = address.split('.').slice(2).map(Number);
  return third * 256 + fourth;
};

export const benchEndpoints = async (): Promise<Figure[]> => {
  const allWell: number[] = [];
  const besideBad: number[] = [];
  // One after the other and again, so that a machine that grows slower or faster touches both.
  for (let run = 0; run < runsOfEach; run += 1) {
    allWell.push(...(await measure(false)));
    besideBad.push(...(await measure(true)));
  }
  const [p50, p99, p50Bad, p99Bad] = [percentile(allWell, 0.5), percentile(allWell, 0.99), percentile(besideBad, 0.5), percentile(besideBad, 0.99)];
  return [
    { case: `endpoints: receipt → callback, ${endpoints} endpoints, ${receiptsPerSecond}/s, p50`, value: p50, unit: 'ms' },
    { case: 'endpoints: p99', value: p99, unit: 'ms' },
    { case: 'endpoints: of the others where 1 % hang and 1 % fail, p50', value: p50Bad, unit: 'ms' },
    { case: 'endpoints: p99 there', value: p99Bad, unit: 'ms' },
    { case: 'endpoints: p99 there / p99', value: p99Bad / p99, unit: '×', goal: '≤ 1.2 ×' },
  ];
};

/** Milliseconds from each receipt's publication to its callback, of the endpoints that are always well. */
const measure = async (withBad: boolean): Promise<number[]> => {
  const publishedAtMs = new Map<number, number>();
  const latencies: number[] = [];
  const sink = await startSink((endpoint, messageId) => {
    const manner = mannerOf(endpoint);
    const sinceMs = publishedAtMs.get(messageId);
    if (manner === 'well' && sinceMs !== undefined) latencies.push(performance.now() - sinceMs);
    publishedAtMs.delete(messageId);
    return withBad ? manner : 'well';
  });
  const dlr = await startDlr();
  try {
    await dlr.setCallbacks(sink.urlOf);
    await dlr.accept((warmUpSeconds + measuredSeconds) * receiptsPerSecond);
    await dlr.report(0, warmUpSeconds * receiptsPerSecond, () => undefined);
    await dlr.report(warmUpSeconds * receiptsPerSecond, measuredSeconds * receiptsPerSecond, (messageId) => publishedAtMs.set(messageId, performance.now()));
    const missing = (): number => [...publishedAtMs.keys()].filter((messageId) => mannerOf(endpointOf(messageId)) === 'well').length;
    for (const giveUpAtMs = performance.now() + drainMsMax; missing() > 0; await pause(tickMs)) {
      if (performance.now() > giveUpAtMs) throw new Error(`${missing()} callbacks did not come within ${drainMsMax} ms of the last receipt.`);
    }
    return latencies;
  } finally {
    await dlr.close();
    await sink.close();
  }
};

/** Neighbours in time go to endpoints far apart; 7,919 is prime, so that each has its turn. */
const endpointOf = (messageId: number): number => (messageId * 7_919) % endpoints;
const account = 'sms-kw00001-1';
const firstMessageId = 1_000_000;

const startDlr = async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kwota-bench-'));
  const messaging = await EmbeddedMessaging.open({ path: join(dataDir, 'messaging.db'), topics: topicDefinitions });
  const logger = createLogger('dlr', 'error');
  const runtime = openRuntime('dlr', { messaging, logger, metrics: new ProcessMetrics(), dataDir, secretKey: 'bench'.repeat(8), databaseUrl: '' });
  const service = await startService(DlrModule.register(runtime, readDlrConfig({ KWOTA_CALLBACK_ALLOW: '127.0.0.0/8' })), { name: 'dlr', messaging, logger });
  const requests = await RequestClient.start(messaging, 'bench', 30_000);
  const userOf = (messageId: number): string => `u-${endpointOf(messageId)}`;
  return {
    setCallbacks: async (urlOf: (endpoint: number) => string): Promise<void> => {
      for (let from = 0; from < endpoints; from += setAtOnce) {
        const some = Array.from({ length: setAtOnce }, (_, index) => from + index);
        await Promise.all(some.map((endpoint) => requests.ask(setCallbacks, { account: `${account}.${endpoint % 64}`, userId: `u-${endpoint}`, callBack: urlOf(endpoint) })));
      }
    },
    accept: async (count: number): Promise<void> => {
      const nowMs = Date.now();
      for (let from = 0; from < count; from += acceptedAtOnce) {
        const some = Array.from({ length: Math.min(acceptedAtOnce, count - from) }, (_, index) => firstMessageId + from + index);
        await messaging.publish(some.map((messageId) => accepted.message(acceptedOf(messageId, userOf(messageId), nowMs), { id: `${messageId}`, source: 'kwota/ledger' })));
      }
      await messaging.drain();
    },
    report: async (from: number, count: number, published: (messageId: number) => void): Promise<void> => {
      const beginMs = performance.now();
      for (let sent = 0; sent < count; ) {
        const due = Math.min(count, Math.floor(((performance.now() - beginMs) / 1_000) * receiptsPerSecond));
        const some = Array.from({ length: due - sent }, (_, index) => firstMessageId + from + sent + index);
        for (const messageId of some) published(messageId);
        if (some.length > 0) await messaging.publish(some.map((messageId) => receipts.message(receiptOf(messageId), { id: `${messageId}`, source: 'kwota/carrier' })));
        sent = due;
        await pause(tickMs);
      }
    },
    close: async (): Promise<void> => {
      await requests.close();
      await service.close();
      await messaging.close();
      runtime.directory.release();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};

/** Over several accounts, as partitions have it. */
const accountOf = (messageId: number): string => `${account}.${endpointOf(messageId) % 64}`;

const acceptedOf = (messageId: number, userId: string, nowMs: number): AcceptedSubmission => ({
  kind: 'accepted',
  account: accountOf(messageId),
  userId,
  messages: [{ messageId, receiver: '+33600000004', priceMilliCredits: 1_000 }],
  sender: 'KWOTA',
  text: 'Your parcel is at the door.',
  coding: '7bit',
  parts: 1,
  noStop: true,
  source: 'http2sms',
  acceptedAtMs: nowMs,
  validUntilMs: nowMs + 3 * 24 * 3_600_000,
});

const receiptOf = (messageId: number): PartReceipt => ({
  kind: 'part',
  account: accountOf(messageId),
  messageId,
  part: 1,
  parts: 1,
  stage: 'receipt',
  ptt: 4,
  dlr: 1,
  final: true,
  recognised: true,
  atMs: Date.now(),
  raw: { connector: 'default' },
});

const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
