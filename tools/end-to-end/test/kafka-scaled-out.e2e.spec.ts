// Two gateways, three ledgers, two carriers and two dlrs side by side, on one PostgreSQL and one broker: partitions move while messages flow.
import { PostgresEventStore } from '@kwota/event-store-postgres';
import { startKafka, type KafkaBroker } from '@kwota/kafka/kafka-broker';
import { startPostgres, type PostgresServer } from '@kwota/postgres/postgres-server';
import type { ServiceName } from '@kwota/services/service-process';
import { startServices, type Services } from '@kwota/services/start-services';
import { startSmscSimulator, type SmscSimulator } from '@kwota/smsc-simulator';
import { listenForCallbacks, type CallbackListener } from '@kwota/testing/callback-listener';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultRounds, frozenMs, sleep } from './fault-rounds.js';
import { OperatorApi } from './operator-api.js';
import type { Sender } from './sending.js';
import { ownerClient } from './v6-client.js';

/** Eight partitions: with sixteen accounts every ledger has some of them. */
const accounts = 16;
const password = 'Scaled01';

const kafka = await startKafka();
const postgres = await startPostgres();
const scaledOut = kafka && postgres ? it : it.skip;
const broker = kafka as KafkaBroker;
let dataDir: string;
let smsc: SmscSimulator;
let callbacks: CallbackListener;
let services: Services;
let rounds: FaultRounds;

beforeAll(async () => {
  if (!kafka || !postgres) return;
  dataDir = mkdtempSync(join(tmpdir(), 'kwota-scaled-out-'));
  smsc = await startSmscSimulator({ submissionsKeptMax: 1_000_000 });
  callbacks = await listenForCallbacks();
  const { url } = postgres as PostgresServer;
  const environment = {
    KWOTA_DATABASE_URL: url,
    KWOTA_EVENT_STORE_URL: url,
    KWOTA_SMSC_URL: smsc.url,
    KWOTA_CARRIER_PROFILE: 'kwota',
    KWOTA_CALLBACK_ALLOW: '127.0.0.0/8',
    KWOTA_CALLBACK_RETRY_SCHEDULE: '1s,1s,1s,5s,5s,30s',
  };
  services = await startServices({ dataDir, brokers: broker.brokers, environment, instances: { gateway: 2, ledger: 3, carrier: 2, dlr: 2 } }, 120_000);
  rounds = new FaultRounds({ services, smsc, callbacks, openEvents: () => PostgresEventStore.openReadOnly({ url }), senders: await openAccounts() });
}, 240_000);

afterAll(async () => {
  rounds?.print();
  await services?.kill();
  await kafka?.close();
  await postgres?.stop();
  await smsc?.close();
  await callbacks?.close();
  if (dataDir) rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

/** One sender an account; they take the two gateways in turn. What one gateway has changed the other one must know of. */
const openAccounts = async (): Promise<Sender[]> => {
  const { first } = services;
  const operator = new OperatorApi(services.of('gateway', 0).url, first.operatorToken);
  const senders: Sender[] = [];
  for (let index = 0; index < accounts; index += 1) {
    const { serviceName } = await operator.ask<{ serviceName: string }>('POST', '/accounts', { description: `Account ${index}` });
    await operator.ask('POST', `/accounts/${serviceName}/credits`, { credits: 100_000, reference: 'scaled-out' });
    await operator.ask('POST', `/accounts/${serviceName}/senders`, { sender: 'KWOTA' });
    await operator.ask('POST', `/accounts/${serviceName}/users`, { login: 'demo', password });
    await operator.ask('PUT', `/accounts/${serviceName}/users/demo`, { callBack: callbacks.url });
    senders.push({ url: services.of('gateway', index % 2).url, serviceName, login: 'demo', password, sender: 'KWOTA' });
  }
  return senders;
};

const killed = (service: ServiceName, instance: number) => async (): Promise<void> => {
  await services.of(service, instance).kill();
  // Longer than its group waits for it: the others take its partitions, then give some back.
  await sleep(8_000);
  services.of(service, instance).start();
};
const paused = (service: ServiceName, instance: number) => async (): Promise<void> => {
  services.of(service, instance).pause();
  await sleep(frozenMs);
  services.of(service, instance).resume();
};

const faults: readonly (readonly [string, () => Promise<void>])[] = [
  ['nothing at all', () => sleep(2_000)],
  [
    'a ledger that leaves in order and comes back',
    async () => {
      await services.of('ledger', 2).stop();
      await sleep(2_000);
      services.of('ledger', 2).start();
    },
  ],
  ['one of three ledgers killed with -9', killed('ledger', 0)],
  ['one of three ledgers paused through a rebalance', paused('ledger', 1)],
  ['one of two carriers killed with -9', killed('carrier', 0)],
  ['one of two carriers paused for 15 s', paused('carrier', 1)],
  ['one of two dlrs killed with -9', killed('dlr', 0)],
  ['one of two dlrs paused for 15 s', paused('dlr', 1)],
  ['one of two gateways killed with -9', killed('gateway', 1)],
];

describe('two gateways', () => {
  const urlOf = (instance: number): string => services.of('gateway', instance).url;
  const until = async (isSo: () => Promise<boolean>): Promise<void> => {
    while (!(await isSo())) await sleep(100);
  };

  scaledOut('keep a limit together', async () => {
    const { first } = services;
    await new OperatorApi(urlOf(0), first.operatorToken).ask('PUT', `/accounts/${first.serviceName}/users/demo`, { messagesPerMinute: 3 });
    const { serviceName: account, login, sender: from } = first;
    const query = new URLSearchParams({ account, login, password: first.password, from, to: '+33655511101,+33655511102,+33655511103', message: 'm', noStop: '1', contentType: 'text/json' });
    const send = async (instance: number): Promise<number> => ((await (await fetch(`${urlOf(instance)}/http2sms?${query}`)).json()) as { status: number }).status;
    await until(async () => (await send(0)) === 429);
    await until(async () => (await send(1)) === 429);
    await new OperatorApi(urlOf(1), first.operatorToken).ask('PUT', `/accounts/${first.serviceName}/users/demo`, { messagesPerMinute: 0 });
  });

  scaledOut('let a token go at once, whichever of them was told', async () => {
    const { first } = services;
    const operator = new OperatorApi(urlOf(0), first.operatorToken);
    const { clientId, clientSecret } = await operator.ask<{ clientId: string; clientSecret: string }>('POST', '/owners/kw1-kwota/clients', {});
    const token = await ownerClient(urlOf(1), { clientId, clientSecret });
    expect((await token('GET', '/sms')).status).toBe(200);
    await operator.ask('DELETE', `/owners/kw1-kwota/clients/${clientId}`);
    await until(async () => (await token('GET', '/sms')).status === 401);
  });
});

describe('side by side nothing that was answered OK is lost, charged twice or not called back, and nobody told of a failure is charged', () => {
  for (const [fault, cause] of faults) scaledOut(fault, () => rounds.through(fault, cause), 300_000);
});
