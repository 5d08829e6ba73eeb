import { startKafka } from '@kwota/kafka/kafka-broker';
import { startServices } from '@kwota/services/start-services';
import { freePort } from '@kwota/testing/free-port';
import { startKwota, type FirstStart } from '@kwota/testing/kwota-process';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';
import { goOvh, npmOvh, npmOvhApiSms, pypiOvh, type ClientProgram } from './clients/client-programs.js';
import { documentedSteps } from './clients/documented-steps.js';

type Told = { answer?: unknown; status?: number; message?: string };

const folder = mkdtempSync(join(tmpdir(), 'kwota-clients-'));
const ends: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const kafka = await startKafka();
if (kafka) ends.push(() => kafka.close());
const clients = [npmOvh, npmOvhApiSms, await pypiOvh(), await goOvh()].filter((client) => client !== undefined);

type Running = Readonly<{ first: FirstStart; stop: () => Promise<unknown> }>;
const inOneProcess = async (name: string, environment: Record<string, string>): Promise<Running> => {
  const kwota = await startKwota(join(folder, name), environment);
  ends.push(() => kwota.kill());
  return { first: kwota.first, stop: () => kwota.stop() };
};
const overKafka = async (name: string, environment: Record<string, string>): Promise<Running> => {
  const services = await startServices({ dataDir: join(folder, name), brokers: kafka?.brokers ?? [], environment });
  ends.push(() => services.kill());
  return { first: services.first, stop: () => services.stop() };
};

const authority = async (): Promise<{ cert: string; key: string }> => {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const names = [{ name: 'subjectAltName' as const, altNames: [{ type: 2 as const, value: 'localhost' }, { type: 7 as const, ip: '127.0.0.1' }] }];
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048,
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }, ...names],
  });
  writeFileSync(cert, pems.cert);
  writeFileSync(key, pems.private);
  return { cert, key };
};
const { cert, key } = await authority();

const doesTheSteps = async (client: ClientProgram, start: typeof inOneProcess): Promise<void> => {
  const port = await freePort();
  const { first, stop } = await start(`${client.name.replaceAll(/\W/g, '-')}-${start.name}`, { KWOTA_HTTPS_PORT: String(port), KWOTA_TLS_CERT: cert, KWOTA_TLS_KEY: key });
  const { applicationKey: appKey, applicationSecret: appSecret, consumerKey, serviceName, sender } = first;
  const steps = documentedSteps(serviceName, sender);
  const CLIENT_TEST = JSON.stringify({ host: 'localhost', port, appKey, appSecret, consumerKey, steps: steps.map(({ call }) => call) });
  const [program, ...parameters] = client.command;
  const { stdout } = await promisify(execFile)(program, parameters, { env: { PATH: process.env['PATH'] ?? '', HOME: folder, [client.authority]: cert, CLIENT_TEST } });
  await stop();

  const told = stdout.trim().split('\n').map((line) => JSON.parse(line) as Told);
  expect(told.map(({ answer, status, message }) => (status === undefined ? answer : { status, message }))).toEqual(
    steps.map((step) => ('refused' in step ? step.refused : step.answer)),
  );
};

describe('an unmodified client does over HTTPS, with a local authority, what the documentation shows for SMS users', () => {
  it.each(clients.map((client) => [client.name, client] as const))('%s against one process', (_, client) => doesTheSteps(client, inOneProcess), 60_000);
  (kafka ? it : it.skip)('npm ovh against six processes over Kafka', () => doesTheSteps(npmOvh, overKafka), 120_000);
});
