// With any one service down the others go on with what does not need it. What that is stands in docs/runbook.md: its table is what is tested here.
import { startKafka, type KafkaBroker } from '@kwota/kafka/kafka-broker';
import { serviceNames, type ServiceName } from '@kwota/services/service-process';
import { startServices, type Services } from '@kwota/services/start-services';
import { startSmscSimulator, type SmscSimulator } from '@kwota/smsc-simulator';
import { listenForCallbacks, type CallbackListener } from '@kwota/testing/callback-listener';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperatorApi } from './operator-api.js';

const kafka = await startKafka();
const onKafka = kafka ? it : it.skip;
const broker = kafka as KafkaBroker;
const password = 'Downed01';
/** So long a final may take while everything that it needs is there. */
const calledBackWithinMs = 5_000;
let dataDir: string;
let callbacks: CallbackListener;
let smsc: SmscSimulator;
let services: Services;
let operator: OperatorApi;
let accessToken: string;

/** The runbook's table under its heading: by row and column, the cells as they stand there. */
const table = (() => {
  const runbook = readFileSync(new URL('../../../docs/runbook.md', import.meta.url), 'utf8');
  const [, section = ''] = runbook.split('## With one service down\n');
  const rows = section.split('\n').filter((line) => line.startsWith('|')).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
  const [columns = [], , ...services] = rows;
  return Object.fromEntries(services.map(([service = '', ...cells]) => [service, Object.fromEntries(cells.map((cell, index) => [columns[index + 1] ?? '', cell]))]));
})();

const userOf = (service: ServiceName): string => `new-${service}`;
const account = (): string => services.first.serviceName;

beforeAll(async () => {
  if (!kafka) return;
  dataDir = mkdtempSync(join(tmpdir(), 'kwota-service-down-'));
  callbacks = await listenForCallbacks();
  // Outside the carrier: the operator's SMSC goes on when the carrier is down.
  smsc = await startSmscSimulator();
  const environment = {
    KWOTA_SMSC_URL: smsc.url,
    KWOTA_CARRIER_PROFILE: 'kwota',
    KWOTA_CALLBACK_ALLOW: '127.0.0.0/8',
    KWOTA_SEND_DEADLINE_MS: '1500',
    KWOTA_KAFKA_SESSION_TIMEOUT_MS: '3000',
  };
  services = await startServices({ dataDir, brokers: broker.brokers, environment });
  const { first } = services;
  operator = new OperatorApi(services.url, first.operatorToken);
  await operator.ask('PUT', `/accounts/${account()}/users/${first.login}`, { callBack: callbacks.url });
  // Of each a new one: nobody has sent with them when their service is down.
  for (const service of serviceNames) await operator.ask('POST', `/accounts/${account()}/users`, { login: userOf(service), password });
  const credentials = Buffer.from(`${first.clientId}:${first.clientSecret}`).toString('base64');
  const token = await fetch(`${services.url}/auth/oauth2/token`, { method: 'POST', headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/x-www-form-urlencoded' }, body: 'grant_type=client_credentials&scope=all' });
  accessToken = ((await token.json()) as { access_token: string }).access_token;
}, 120_000);

afterAll(async () => {
  if (!kafka) return;
  await services?.kill();
  await broker.close();
  await callbacks?.close();
  await smsc?.close();
  rmSync(dataDir, { recursive: true, force: true });
}, 60_000);

type Answer = Readonly<{ said: string; id?: string | undefined }>;

const send = async (login: string, secret: string): Promise<Answer> => {
  const query = new URLSearchParams({ account: account(), login, password: secret, from: services.first.sender, to: '+33600000004', message: 'one is down', noStop: '1', contentType: 'text/json' });
  try {
    const answer = (await (await fetch(`${services.url}/http2sms?${query}`)).json()) as { status: number; SmsIds?: string[] };
    return { said: answer.status === 100 ? 'yes' : String(answer.status), id: answer.SmsIds?.[0] };
  } catch {
    return { said: 'no' };
  }
};
const statusOf = (asking: Promise<Response>): Promise<string> =>
  asking.then(
    ({ status }) => (status === 200 ? 'yes' : String(status)),
    () => 'no',
  );
const isCalledBack = (id: string | undefined, withinMs: number): Promise<boolean> =>
  callbacks.until((received) => received.some((callback) => callback['id'] === id && callback['description'] === '1'), withinMs).then(
    () => true,
    () => false,
  );

const sentMessages = (): Promise<string> => statusOf(fetch(`${services.url}/1.0/sms/${account()}/outgoing`, { headers: { authorization: `Bearer ${accessToken}` } }));

/** What one sees, column by column. */
const look = async (service: ServiceName): Promise<Record<string, string>> => {
  const { first } = services;
  const sent = await send(first.login, first.password);
  return {
    'send, password known': sent.said,
    'send, first time': (await send(userOf(service), password)).said,
    'show an account': await statusOf(operator.send('GET', `/accounts/${account()}`)),
    'show a user': await statusOf(operator.send('GET', `/accounts/${account()}/users/${first.login}`)),
    'change a password': await statusOf(operator.send('PUT', `/accounts/${account()}/users/${userOf('gateway')}`, { password })),
    'sent messages': await sentMessages(),
    'called back': sent.said !== 'yes' ? 'no' : (await isCalledBack(sent.id, calledBackWithinMs)) ? 'yes' : 'later',
  };
};

describe('with one service down', () => {
  for (const service of serviceNames) {
    onKafka(`${service}: the others go on as the runbook says, and it goes on where it was`, async () => {
      const known = await send(services.first.login, services.first.password);
      expect(known.said).toBe('yes');
      expect(await sentMessages()).toBe('yes');
      const before = callbacks.received.length;
      await services.of(service).kill();
      const seen = await look(service);
      const readyMeanwhile = await Promise.all(services.all.filter((one) => one.service !== service).map((one) => one.ready(10_000).then(() => one.service)));
      services.of(service).start();
      await services.ready(60_000);
      // Whatever was answered OK meanwhile, and before, comes to its end now.
      const after = await send(services.first.login, services.first.password);
      expect(after.said).toBe('yes');
      expect([await isCalledBack(known.id, 20_000), await isCalledBack(after.id, 20_000)]).toEqual([true, true]);
      expect(seen).toEqual(table[service]);
      expect(readyMeanwhile).toHaveLength(serviceNames.length - 1);
      if (seen['called back'] === 'later') expect(callbacks.received.length).toBeGreaterThanOrEqual(before + 2);
    }, 120_000);
  }
});
