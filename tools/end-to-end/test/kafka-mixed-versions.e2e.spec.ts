// Upgrades go service by service, so both versions run at once: this version's services among readers and writers of the version before (N−1).
import { allRequests, allTopics } from '@kwota/contracts/all';
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { startKafka, type KafkaBroker } from '@kwota/kafka/kafka-broker';
import type { IncomingMessage } from '@kwota/messaging';
import { KafkaMessaging } from '@kwota/messaging-kafka';
import { Requests, repliesTopic } from '@kwota/messaging/requests';
import { startServices, type Services } from '@kwota/services/start-services';
import { listenForCallbacks, type CallbackListener } from '@kwota/testing/callback-listener';
import { Ajv, type ValidateFunction } from 'ajv';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperatorApi } from './operator-api.js';

const kafka = await startKafka();
const onKafka = kafka ? it : it.skip;
const broker = kafka as KafkaBroker;
let dataDir: string;
let callbacks: CallbackListener;
let services: Services;
let messaging: KafkaMessaging;

const previous = new URL('../../../libs/contracts/previous/', import.meta.url);
const read = <Value>(path: string): Value => JSON.parse(readFileSync(new URL(path, previous), 'utf8')) as Value;

/** By CloudEvents type: what a reader of the version before accepts. */
const readersBefore = (() => {
  const ajv = new Ajv({ strict: true, formats: { 'date-time': true } });
  const published = readdirSync(new URL('published/', previous)).map((file) => read<{ messages: Record<string, object> }>(`published/${file}`).messages);
  return new Map<string, ValidateFunction>(published.flatMap((messages) => Object.entries(messages).map(([type, schema]) => [type, ajv.compile(schema)] as const)));
})();

beforeAll(async () => {
  if (!kafka) return;
  dataDir = mkdtempSync(join(tmpdir(), 'kwota-mixed-versions-'));
  callbacks = await listenForCallbacks();
  services = await startServices({ dataDir, brokers: broker.brokers, environment: { KWOTA_CALLBACK_ALLOW: '127.0.0.0/8' } });
  messaging = await KafkaMessaging.open({ brokers: broker.brokers, clientId: 'mixed-versions' });
  await messaging.ready();
}, 120_000);

afterAll(async () => {
  if (!kafka) return;
  await messaging?.close();
  await services?.kill();
  await broker.close();
  await callbacks?.close();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

const eventually = async (isSo: () => boolean, what: () => string): Promise<void> => {
  for (const untilMs = performance.now() + 20_000; !isSo(); await new Promise((resolve) => setTimeout(resolve, 50))) if (performance.now() > untilMs) throw new Error(what());
};

onKafka('readers of the version before understand everything that this version writes', async () => {
  const seen = new Map<string, number>();
  const newTypes = new Set<string>();
  const notUnderstood: string[] = [];
  const handle = async (batch: readonly IncomingMessage[]): Promise<void> => {
    for (const { value, headers, topic } of batch) {
      const type = headers['ce_type'] ?? '';
      if (value === null) continue;
      seen.set(type, (seen.get(type) ?? 0) + 1);
      const accepts = readersBefore.get(type);
      if (!accepts) newTypes.add(type);
      else if (!accepts(JSON.parse(value))) notUnderstood.push(`${topic} ${type}: ${JSON.stringify(accepts.errors?.map(({ instancePath, keyword }) => `${instancePath} ${keyword}`))}`);
    }
  };
  const topics = topicDefinitions.map(({ topic }) => topic).filter((topic) => !topic.endsWith('.dead'));
  await Promise.all(topics.map((topic) => messaging.subscribe({ topic, group: 'previous-version', kind: 'broadcast', handle })));

  // The guide's steps and an SMS, a transfer's request besides: each service speaks.
  const { first } = services;
  const operator = new OperatorApi(services.url, first.operatorToken);
  const users = `/accounts/${first.serviceName}/users`;
  await operator.ask('POST', users, { login: 'parcels', password: 'Parcel01' });
  await operator.ask('PUT', `${users}/parcels`, {
    callBack: callbacks.url,
    quotaInformations: { quotaLeft: 2, quotaStatus: 'active' },
    alertThresholdInformations: { alertEmail: 'owner@example.org', alertNumber: '', alertThreshold: 1, support: 'mail' },
  });
  const query = new URLSearchParams({ account: first.serviceName, login: 'parcels', password: 'Parcel01', from: first.sender, to: '+33600000004', message: 'Hello', noStop: '1', contentType: 'text/json' });
  const sent = (await (await fetch(`${services.url}/http2sms?${query}`)).json()) as { status: number; SmsIds: string[] };
  expect(sent.status).toBe(100);
  await callbacks.until((received) => received.some(({ id, description }) => id === sent.SmsIds[0] && description === '1'), 20_000);
  await operator.ask('DELETE', `${users}/parcels`);

  const spoken = ['kwota.submissions.send.v1', 'kwota.accepted.accepted.v1', 'kwota.receipts.part.v1', 'kwota.delivery.message-state-changed.v1', 'kwota.credit.credits-captured.v1', 'kwota.users.user-changed.v1', 'kwota.alerts.alert-settled.v1'];
  await eventually(
    () => spoken.every((type) => seen.has(type)),
    () => `not heard: ${spoken.filter((type) => !seen.has(type)).join(', ')}`,
  );
  console.log(`${[...seen.values()].reduce((sum, count) => sum + count, 0)} messages of ${seen.size} types, new since the version before: ${[...newTypes].join(', ') || 'none'}`);
  expect(notUnderstood).toEqual([]);
  // A reader of the version before skips new facts; on a topic of work it would stop: consumers are upgraded first, and this run is the proof that none is needed yet. Nobody of that version reads counts.
  expect([...newTypes].filter((type) => !/^kwota\.(?:credit|delivery|users|alerts|changes|counts)\./.test(type))).toEqual([]);
}, 60_000);

onKafka('this version answers every request as the version before asked it', async () => {
  const requests = new Requests(messaging, 'previous-version');
  await requests.start();
  const replies: Record<string, string> = {};
  const services = readdirSync(new URL('golden/', previous)).flatMap((file) => /^(\w+)\.requests\.json$/.exec(file)?.[1] ?? []);
  for (const service of services) {
    for (const [name, { request }] of Object.entries(read<Record<string, { request: object }>>(`golden/${service}.requests.json`))) {
      const contract = allRequests.find((one) => one.service === service && one.name === name);
      const { topic, key, headers } = contract?.message(request, { id: `previous-${service}-${name}`, source: 'kwota/previous' }) ?? { topic: repliesTopic, key: '', headers: {} };
      const reply = await requests.request({ topic, key, headers, value: JSON.stringify(request) }, `previous-${service}-${name}`, 10_000);
      const accepts = readersBefore.get(reply.headers['ce_type'] ?? '');
      replies[`${service}/${name}`] = accepts?.(JSON.parse(reply.value ?? 'null')) ? 'understood' : `${reply.value}`;
    }
  }
  await requests.close();
  expect(Object.keys(replies).length).toBeGreaterThan(20);
  expect(Object.entries(replies).filter(([, outcome]) => outcome !== 'understood')).toEqual([]);
}, 120_000);

onKafka('this version reads every message as the version before wrote it: none is dead, no partition stands still', async () => {
  const dead: IncomingMessage[] = [];
  const deadTopics = topicDefinitions.map(({ topic }) => topic).filter((topic) => topic.endsWith('.dead'));
  await Promise.all(deadTopics.map((topic) => messaging.subscribe({ topic, group: 'dead', kind: 'broadcast', handle: async (batch) => void dead.push(...batch) })));
  let written = 0;
  const golden = new Set(readdirSync(new URL('golden/', previous)));
  // A topic that the version before did not have it wrote nothing on.
  for (const { noun, topic, keyOf } of allTopics.filter((contract) => golden.has(`${contract.noun}.json`))) {
    for (const [name, example] of Object.entries(read<Record<string, object>>(`golden/${noun}.json`))) {
      const headers = { ce_specversion: '1.0', ce_type: `kwota.${noun}.${name}.v1`, ce_source: 'kwota/previous', ce_id: `previous-${noun}-${name}`, 'content-type': 'application/json' };
      await messaging.publish([{ topic, key: keyOf(example), value: JSON.stringify(example), headers }]);
      written += 1;
    }
  }
  // All that was published is read: nobody lags, and everybody is ready.
  const lagOf = async (url: string): Promise<number> => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return [...metrics.matchAll(/^kwota_messaging_lag\{[^}]*\} (\d+)$/gm)].reduce((sum, [, lag]) => sum + Number(lag), 0);
  };
  let lags: number[] = [];
  // What is not fetched yet is not counted as lag.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  for (const untilMs = performance.now() + 20_000; performance.now() < untilMs; await new Promise((resolve) => setTimeout(resolve, 500))) {
    lags = await Promise.all(services.all.map(({ url }) => lagOf(url)));
    if (lags.every((lag) => lag === 0)) break;
  }
  await services.ready(10_000);
  console.log(`${written} messages of the version before were read`);
  expect(lags.every((lag) => lag === 0)).toBe(true);
  expect(dead.map(({ topic, headers }) => `${topic}: ${headers['dead-reason']}`)).toEqual([]);
}, 60_000);
