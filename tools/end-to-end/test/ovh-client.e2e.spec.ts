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
import { clientScript, goProgram, installTimeoutMs, isThere, npmPackages, pythonPackages } from './other-peoples-programs.js';
import { ovhSteps, Refused } from './ovh-steps.js';

const folder = mkdtempSync(join(tmpdir(), 'kwota-ovh-'));
const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
const ends: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const kafka = await startKafka();
if (kafka) ends.push(() => kafka.close());

type Running = Readonly<{ first: FirstStart; port: number }>;
const https = async (): Promise<{ port: number; environment: Record<string, string> }> => {
  const port = await freePort();
  return { port, environment: { KWOTA_HTTPS_PORT: String(port), KWOTA_TLS_CERT: cert, KWOTA_TLS_KEY: key } };
};
let standalone: Running;
beforeAll(async () => {
  const names = [{ name: 'subjectAltName' as const, altNames: [{ type: 2 as const, value: 'localhost' }, { type: 7 as const, ip: '127.0.0.1' }] }];
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048,
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }, ...names],
  });
  writeFileSync(cert, pems.cert);
  writeFileSync(key, pems.private);
  const { port, environment } = await https();
  const kwota = await startKwota(join(folder, 'standalone'), environment);
  ends.push(() => kwota.kill());
  standalone = { first: kwota.first, port };
}, 60_000);

type Program = readonly [command: string, args: readonly string[], environment?: Readonly<Record<string, string>>];
type Line = { call: string; answer?: unknown; error?: unknown; message?: string; queryId?: string };

/** Runs the client through the steps and tells what it said, call by call, as the steps expect it. */
const play = async ([command, args, environment = {}]: Program, { first, port }: Running, login: string): Promise<Line[]> => {
  const { applicationKey: appKey, applicationSecret: appSecret, consumerKey, clientId, clientSecret } = first;
  const steps = ovhSteps(first, login);
  const { stdout } = await promisify(execFile)(command, [...args], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      // Each runtime has its own way to an authority of one's own.
      NODE_EXTRA_CA_CERTS: cert,
      REQUESTS_CA_BUNDLE: cert,
      SSL_CERT_FILE: cert,
      OVH_TEST: JSON.stringify({ host: 'localhost', port, appKey, appSecret, consumerKey, clientId, clientSecret }),
      OVH_STEPS: JSON.stringify(steps.map(({ method, path, body }) => ({ method, path, body }))),
      ...environment,
    },
  });
  const lines = stdout.trim().split('\n').map((line) => JSON.parse(line) as Line);
  const told = lines.slice(0, steps.length).map(({ call, answer = null, error, message }) => [call, error === undefined ? answer : [error, message]]);
  expect(told).toEqual(steps.map(({ method, path, expected }) => [`${method} ${path}`, expected instanceof Refused ? [expected.status, expected.message] : expected]));
  return lines.slice(steps.length);
};

const nodeScript = (file: string): Program => [process.execPath, [clientScript(file)]];

describe('an unmodified client does what OVH’s documentation shows, over HTTPS with a local CA:', () => {
  it('npm ovh', async () => expect(await play(nodeScript('npm-ovh.mjs'), standalone, 'npm-ovh')).toEqual([]), 60_000);

  it('npm @ovhcloud/node-ovh, by OAuth2', async () => {
    const modules = await npmPackages('@ovhcloud/node-ovh@3.0.0');
    const [command, args] = nodeScript('npm-ovh.mjs');
    expect(await play([command, args, { OVH_MODULES: modules, OVH_PACKAGE: '@ovhcloud/node-ovh' }], standalone, 'node-ovh')).toEqual([]);
  }, installTimeoutMs);

  it('npm @ovh-api/sms', async () => {
    const modules = await npmPackages('@ovh-api/api@3.2.10', '@ovh-api/sms@3.1.26');
    const [command, args] = nodeScript('npm-ovh-api.mjs');
    expect(await play([command, args, { OVH_MODULES: modules }], standalone, 'npm-ovh-api')).toEqual([]);
  }, installTimeoutMs);

  const keyAsked = () => [expect.objectContaining({ call: 'consumer key', answer: { state: 'pendingValidation', page: `https://localhost:${standalone.port}/auth/` } })];
  (isThere('python3', ['-m', 'pip', '--version'], 'python3 with pip') ? it : it.skip)('python-ovh', async () => {
    const modules = await pythonPackages('ovh==1.2.0');
    expect(await play(['python3', [clientScript('python-ovh.py')], { PYTHONPATH: modules }], standalone, 'python-ovh')).toEqual(keyAsked());
  }, installTimeoutMs);

  (isThere('go', ['version'], 'go') ? it : it.skip)('go-ovh', async () => {
    expect(await play([await goProgram('go-ovh'), []], standalone, 'go-ovh')).toEqual(keyAsked());
  }, installTimeoutMs);

  (kafka ? it : it.skip)('npm ovh against six processes over Kafka', async () => {
    const { port, environment } = await https();
    const services = await startServices({ dataDir: join(folder, 'services'), brokers: kafka?.brokers ?? [], environment });
    ends.push(() => services.kill());
    expect(await play(nodeScript('npm-ovh.mjs'), { first: services.first, port }, 'npm-ovh')).toEqual([]);
    await services.stop();
  }, 180_000);
});
