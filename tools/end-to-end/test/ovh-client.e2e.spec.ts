import { startKwota, type KwotaProcess } from '@kwota/testing/kwota-process';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';

type Line = { call: string; answer?: unknown; error?: unknown; message?: string };

const folder = mkdtempSync(join(tmpdir(), 'kwota-ovh-'));
let kwota: KwotaProcess | undefined;
afterAll(async () => {
  await kwota?.kill();
  rmSync(folder, { recursive: true, force: true });
});

it('the unmodified npm package ovh does the guide’s steps over HTTPS with a local CA', async () => {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const names = [{ name: 'subjectAltName' as const, altNames: [{ type: 2 as const, value: 'localhost' }, { type: 7 as const, ip: '127.0.0.1' }] }];
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048,
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }, ...names],
  });
  writeFileSync(cert, pems.cert);
  writeFileSync(key, pems.private);
  kwota = await startKwota(join(folder, 'data'), { KWOTA_HTTPS_PORT: '0', KWOTA_TLS_CERT: cert, KWOTA_TLS_KEY: key });
  const { applicationKey: appKey, applicationSecret: appSecret, consumerKey, serviceName, sender } = kwota.first;
  const OVH_TEST = JSON.stringify({ host: 'localhost', port: Number(new URL(kwota.httpsUrl ?? '').port), appKey, appSecret, consumerKey, serviceName, sender });
  const script = fileURLToPath(new URL('ovh-client.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env: { PATH: process.env['PATH'] ?? '', NODE_EXTRA_CA_CERTS: cert, OVH_TEST } });
  await kwota.stop();

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
}, 60_000);
