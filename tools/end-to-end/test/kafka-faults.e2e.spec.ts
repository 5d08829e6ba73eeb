// Six processes over a real broker. Each is killed and paused in turn while messages flow, then the broker: nothing that was answered OK is lost.
import { SqliteEventStore } from '@kwota/event-store-sqlite';
import { startKafka, type KafkaBroker } from '@kwota/kafka/kafka-broker';
import { serviceNames, type ServiceName } from '@kwota/services/service-process';
import { startServices, type Services } from '@kwota/services/start-services';
import { startSmscSimulator, type SmscSimulator } from '@kwota/smsc-simulator';
import { listenForCallbacks, type CallbackListener } from '@kwota/testing/callback-listener';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultRounds, frozenMs, sleep } from './fault-rounds.js';
import { OperatorApi } from './operator-api.js';

const senders = 12;

const kafka = await startKafka();
const onKafka = kafka ? it : it.skip;
const broker = kafka as KafkaBroker;
let dataDir: string;
let smsc: SmscSimulator;
let callbacks: CallbackListener;
let services: Services;
let rounds: FaultRounds;

beforeAll(async () => {
  if (!kafka) return;
  dataDir = mkdtempSync(join(tmpdir(), 'kwota-kafka-faults-'));
  smsc = await startSmscSimulator({ submissionsKeptMax: 1_000_000 });
  callbacks = await listenForCallbacks();
  const environment = {
    KWOTA_SMSC_URL: smsc.url,
    KWOTA_CARRIER_PROFILE: 'kwota',
    KWOTA_CALLBACK_ALLOW: '127.0.0.0/8',
    KWOTA_CALLBACK_RETRY_SCHEDULE: '1s,1s,1s,5s,5s,30s',
    KWOTA_LOG_LEVEL: 'warn',
  };
  services = await startServices({ dataDir, brokers: broker.brokers, environment });
  const { first } = services;
  const operator = new OperatorApi(services.url, first.operatorToken);
  await operator.ask('POST', `/accounts/${first.serviceName}/credits`, { credits: 1_000_000, reference: 'faults' });
  await operator.ask('PUT', `/accounts/${first.serviceName}/users/${first.login}`, { callBack: callbacks.url });
  rounds = new FaultRounds({
    services,
    smsc,
    callbacks,
    openEvents: () => SqliteEventStore.openReadOnly({ path: join(dataDir, 'ledger', 'events.db') }),
    senders: Array.from({ length: senders }, () => ({ ...first, url: services.url })),
  });
}, 120_000);

afterAll(async () => {
  if (!kafka) return;
  rounds?.print();
  await services?.kill();
  await broker.close();
  await smsc?.close();
  await callbacks?.close();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

const killed = (service: ServiceName) => async (): Promise<void> => {
  await services.of(service).kill();
  await sleep(1_000);
  services.of(service).start();
};
const paused = (service: ServiceName) => async (): Promise<void> => {
  services.of(service).pause();
  await sleep(frozenMs);
  services.of(service).resume();
};

const faults: readonly (readonly [string, () => Promise<void>])[] = [
  ...serviceNames.map((service) => [`${service} killed with -9`, killed(service)] as const),
  ...serviceNames.map((service) => [`${service} paused for 15 s`, paused(service)] as const),
  [
    'the broker stopped and started again',
    async () => {
      await broker.stop();
      await sleep(5_000);
      await broker.restart();
    },
  ],
  [
    'the broker killed with -9',
    async () => {
      await broker.kill();
      await broker.restart();
    },
  ],
  [
    'the broker frozen for 15 s',
    async () => {
      broker.pause();
      await sleep(frozenMs);
      broker.resume();
    },
  ],
];

describe('over Kafka nothing that was answered OK is lost, charged twice or not called back, and nobody told of a failure is charged', () => {
  for (const [fault, cause] of faults) onKafka(fault, () => rounds.through(fault, cause), 300_000);
});
