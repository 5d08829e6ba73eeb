import { startKafka } from '@kwota/kafka/kafka-broker';
import { startServices } from '@kwota/services/start-services';
import { freePort } from '@kwota/testing/free-port';
import { startKwota, type FirstStart } from '@kwota/testing/kwota-process';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';

type Line = { call: string; answer?: unknown; error?: unknown; message?: string };

const folder = mkdtempSync(join(tmpdir(), 'kwota-ovh-'));
const ends: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const kafka = await startKafka();
if (kafka) ends.push(() => kafka.close());

type Running = Readonly<{ first: FirstStart; stop: () => Promise<unknown> }>;
const inOneProcess = async (environment: Record<string, string>): Promise<Running> => {
  const kwota = await startKwota(join(folder, 'standalone'), environment);
  ends.push(() => kwota.kill());
  return { first: kwota.first, stop: () => kwota.stop() };
};
const overKafka = async (environment: Record<string, string>): Promise<Running> => {
  const services = await startServices({ dataDir: join(folder, 'services'), brokers: kafka?.brokers ?? [], environment });
  ends.push(() => services.kill());
  return { first: services.first, stop: () => services.stop() };
};

const client = (start: (environment: Record<string, string>) => Promise<Running>) => async (): Promise<void> => {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const names = [{ name: 'subjectAltName' as const, altNames: [{ type: 2 as const, value: 'localhost' }, { type: 7 as const, ip: '127.0.0.1' }] }];
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048,
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }, ...names],
  });
  writeFileSync(cert, pems.cert);
  writeFileSync(key, pems.private);
  const port = await freePort();
  const { first, stop } = await start({ KWOTA_HTTPS_PORT: String(port), KWOTA_TLS_CERT: cert, KWOTA_TLS_KEY: key });
  const { applicationKey: appKey, applicationSecret: appSecret, consumerKey, serviceName, sender } = first;
  const OVH_TEST = JSON.stringify({ host: 'localhost', port, appKey, appSecret, consumerKey, serviceName, sender });
  const script = fileURLToPath(new URL('ovh-client.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env: { PATH: process.env['PATH'] ?? '', NODE_EXTRA_CA_CERTS: cert, OVH_TEST } });
  await stop();

  const lines = stdout.trim().split('\n').map((line) => JSON.parse(line) as Line);
  const user = {
    login: 'scripts',
    password: '',
    quotaInformations: { quotaLeft: 150, quotaStatus: 'active' },
    alertThresholdInformations: { alertEmail: 'owner@example.org', alertNumber: '', alertThreshold: 20, support: 'mail' },
    ipRestrictions: ['8.8.8.8'],
    callBack: 'https://example.org/dlr',
    stopCallBack: null,
  };
  const report = (receivers: string[], invalid: string[]) => ({
    ids: receivers.map(() => expect.any(Number)),
    invalidReceivers: invalid,
    totalCreditsRemoved: receivers.length,
    validReceivers: receivers,
  });
  expect(lines.map(({ answer, error, message }) => (error === undefined ? answer : [error, message]))).toEqual([
    expect.any(Number),
    [serviceName],
    [serviceName],
    expect.objectContaining({ name: serviceName, creditsLeft: 200, creditsHoldByQuota: 0, userQuantityWithQuota: 0 }),
    null,
    ['demo', 'scripts'],
    null,
    null,
    null,
    null,
    null,
    user,
    expect.objectContaining({ creditsLeft: 50, creditsHoldByQuota: 150, userQuantityWithQuota: 1 }),
    { ...report(['+33600000004'], ['nobody']), tag: 'guide' },
    report(['+33600000004'], []),
    expect.any(Array),
    { comment: expect.any(String), description: expect.any(String), duration: 'permanent' },
    [404, 'The requested object does not exist'],
    [404, 'This service does not exist'],
    [400, 'quotaInformations.quotaLeft must not be greater than 198'],
    null,
    ['demo'],
  ]);
};

describe('the unmodified npm package ovh does the guide’s steps over HTTPS with a local CA', () => {
  it('against one process', client(inOneProcess), 60_000);
  (kafka ? it : it.skip)('against six processes over Kafka', client(overKafka), 120_000);
});
