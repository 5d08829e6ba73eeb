// Services start in any order: each says what it waits for, serves what it can meanwhile, and goes on by itself when it is there.
import { startKafka, type KafkaBroker } from '@kwota/kafka/kafka-broker';
import { startPostgres, type PostgresServer } from '@kwota/postgres/postgres-server';
import { ServiceProcess, type ServiceName } from '@kwota/services/service-process';
import { prepareServices, type Services } from '@kwota/services/start-services';
import { freePort } from '@kwota/testing/free-port';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const kafka = await startKafka();
const postgres = await startPostgres();
const inAnyOrder = kafka && postgres ? it : it.skip;
const [broker, database] = [kafka as KafkaBroker, postgres as PostgresServer];
let dataDir: string;
let services: Services;

beforeAll(async () => {
  if (!kafka || !postgres) return;
  dataDir = mkdtempSync(join(tmpdir(), 'kwota-start-order-'));
  await Promise.all([broker.stop(), database.kill()]);
  const { url } = database;
  services = await prepareServices({ dataDir, brokers: broker.brokers, environment: { KWOTA_DATABASE_URL: url, KWOTA_EVENT_STORE_URL: url, KWOTA_SEND_DEADLINE_MS: '1000' } });
}, 120_000);

afterAll(async () => {
  await services?.kill();
  await kafka?.close();
  await postgres?.stop();
  if (dataDir) rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

const eventually = async (look: () => Promise<boolean>, what: () => unknown): Promise<void> => {
  for (const untilMs = performance.now() + 30_000; !(await look()); await new Promise((resolve) => setTimeout(resolve, 100)))
    if (performance.now() > untilMs) throw new Error(JSON.stringify(what()));
};
/** Not an answer at all: undefined. */
const readiness = async (service: ServiceName): Promise<{ status: number; text: string } | undefined> => {
  const response = await fetch(`${services.of(service).url}/health/ready`).catch(() => undefined);
  return response && { status: response.status, text: await response.text() };
};

inAnyOrder('without broker and database every process lives and says what it waits for; the gateway answers 503, and what needs nobody', async () => {
  services.start();
  let seen: unknown;
  const waits: readonly (readonly [ServiceName, RegExp])[] = [
    ['gateway', /Kafka/],
    ['users', /PostgreSQL at 127\.0\.0\.1/],
    ['ledger', /PostgreSQL at 127\.0\.0\.1/],
    ['carrier', /PostgreSQL at 127\.0\.0\.1/],
    ['dlr', /PostgreSQL at 127\.0\.0\.1/],
    ['alerts', /PostgreSQL at 127\.0\.0\.1/],
  ];
  for (const [service, word] of waits)
    await eventually(
      async () => {
        const ready = await readiness(service);
        seen = [service, ready];
        return ready?.status === 503 && word.test(ready.text) && /Kafka/.test(ready.text);
      },
      () => seen,
    );
  const { url } = services.of('gateway');
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  expect((await fetch(`${url}/1.0/auth/time`)).status).toBe(200);
  expect((await fetch(`${url}/docs-json`)).status).toBe(200);
  const query = new URLSearchParams({ account: 'sms-kw00001-1', login: 'demo', password: 'Passw0rd', from: 'KWOTA', to: '+33600000004', message: 'too early', contentType: 'text/json' });
  expect(await (await fetch(`${url}/http2sms?${query}`)).json()).toMatchObject({ status: 503 });
  expect((await fetch(`${url}/operator/accounts`, { headers: { authorization: 'Bearer whoever' } })).status).toBe(503);
  const words = services.of('ledger').output.join('\n');
  expect(words).toContain('waiting for PostgreSQL');
  expect(words).not.toContain(new URL(database.url).password);
}, 60_000);

inAnyOrder('with the broker alone the gateway is in reach of the log, and the others still wait for the database', async () => {
  await broker.restart();
  await eventually(
    async () => (await readiness('gateway'))?.status === 200,
    () => services.of('gateway').output.slice(-5),
  );
  expect((await readiness('users'))?.text).toContain('PostgreSQL');
}, 60_000);

inAnyOrder('with both they are ready, the first start is made, and everything is as if nothing had been', async () => {
  await database.start();
  await services.ready(60_000);
  const { serviceName, login, password, sender } = services.first;
  const query = new URLSearchParams({ account: serviceName, login, password, from: sender, to: '+33600000004', message: 'at last', contentType: 'text/json', noStop: '1' });
  expect(await (await fetch(`${services.url}/http2sms?${query}`)).json()).toMatchObject({ status: 100, creditLeft: '199' });
}, 120_000);

inAnyOrder('the database killed and started again: 503 meanwhile, then it goes on by itself', async () => {
  const { serviceName, login, password, sender } = services.first;
  const send = async (): Promise<number> => {
    const query = new URLSearchParams({ account: serviceName, login, password, from: sender, to: '+33600000004', message: 'again', contentType: 'text/json', noStop: '1' });
    return ((await (await fetch(`${services.url}/http2sms?${query}`)).json()) as { status: number }).status;
  };
  await database.kill();
  expect(await send()).toBe(503);
  await database.start();
  await eventually(
    async () => (await send()) === 100,
    () => services.of('ledger').output.slice(-5),
  );
  await services.ready(60_000);
}, 120_000);

describe('what keeps a service from starting is said in a sentence', () => {
  const endOf = async (environment: Record<string, string>): Promise<string> => {
    const service = new ServiceProcess({ service: 'users', environment: { KWOTA_ADMIN_PORT: String(await freePort()), KWOTA_DATA_DIR: dataDir, ...environment } });
    const ended = new Promise<void>((resolve) => service.whenEnded(() => resolve()));
    service.start();
    await ended;
    return service.output.filter((line) => line.startsWith('users does not start: ')).join();
  };
  const complete = { KWOTA_MESSAGING: 'kafka', KWOTA_KAFKA_BROKERS: '127.0.0.1:1', KWOTA_SECRET_KEY: 'k'.repeat(32) };

  it.each([
    ['without Kafka', { ...complete, KWOTA_MESSAGING: '' }, 'KWOTA_MESSAGING=kafka and KWOTA_KAFKA_BROKERS'],
    ['without brokers', { ...complete, KWOTA_KAFKA_BROKERS: '' }, 'KWOTA_MESSAGING=kafka and KWOTA_KAFKA_BROKERS'],
    ['without the key', { ...complete, KWOTA_SECRET_KEY: '' }, 'KWOTA_SECRET_KEY is required'],
    ['with settings that are wrong, all at once', { ...complete, KWOTA_KAFKA_PARTITIONS: 'many', KWOTA_ADMIN_PORT: 'x' }, 'KWOTA_KAFKA_PARTITIONS: "many" is not a whole number from 1 to 1000; KWOTA_ADMIN_PORT: "x" is not a port'],
    ['with an authority that is not there', { ...complete, KWOTA_KAFKA_CA: '/nowhere/ca.pem' }, 'KWOTA_KAFKA_CA: /nowhere/ca.pem is not a file that can be read'],
  ])('%s', async (_, environment, sentence) => {
    dataDir ??= mkdtempSync(join(tmpdir(), 'kwota-start-order-'));
    expect(await endOf(environment)).toContain(sentence);
  });
});
