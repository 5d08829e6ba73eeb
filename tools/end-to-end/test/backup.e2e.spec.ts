import { startSmscSimulator, type SmscSimulator } from '@kwota/smsc-simulator';
import { listenForCallbacks, type CallbackListener } from '@kwota/testing/callback-listener';
import { startKwota, type KwotaProcess } from '@kwota/testing/kwota-process';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { OperatorApi } from './operator-api.js';
import { Sending } from './sending.js';

const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kwota-backup-'));
const [dataDir, backup, restored] = ['data', 'backup', 'restored'].map((name) => join(folder, name)) as [string, string, string];
let smsc: SmscSimulator;
let callbacks: CallbackListener;
let running: KwotaProcess | undefined;

beforeAll(async () => {
  smsc = await startSmscSimulator();
  callbacks = await listenForCallbacks();
});
afterAll(async () => {
  await running?.kill();
  await smsc.close();
  await callbacks.close();
  rmSync(folder, { recursive: true, force: true });
});

const start = async (directory: string): Promise<KwotaProcess> => (running = await startKwota(directory, { KWOTA_SMSC_URL: smsc.url, KWOTA_CALLBACK_ALLOW: '127.0.0.0/8' }));
const kwota = async (directory: string, ...args: readonly string[]): Promise<string> => {
  const env = { PATH: process.env['PATH'] ?? '', KWOTA_DATA_DIR: directory, ...(running && directory === restored && { KWOTA_URL: running.url, KWOTA_OPERATOR_TOKEN: running.first.operatorToken }) };
  return (await promisify(execFile)(process.execPath, ['apps/cli/bin/kwota.mjs', ...args], { cwd: workspace, env })).stdout;
};

it('a backup under load is one moment: restored, it holds everything back until it is resumed, then delivers what was accepted before', async () => {
  const original = await start(dataDir);
  const { first } = original;
  const operator = new OperatorApi(original.url, first.operatorToken);
  const account = `/accounts/${first.serviceName}`;
  await operator.ask('POST', `${account}/credits`, { credits: 100_000, reference: 'backup' });
  await operator.ask('PUT', `${account}/users/${first.login}`, { callBack: callbacks.url });
  const before = new Sending(smsc, callbacks);
  const senders = Array.from({ length: 4 }, () => ({ ...first, url: original.url }));
  before.start(senders, 5);
  while (before.answeredOk.size < 100) await new Promise((resolve) => setTimeout(resolve, 20));
  const acceptedBefore = [...before.answeredOk.keys()];
  await kwota(dataDir, 'backup', '--out', backup);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await before.stop();
  await original.kill();

  await kwota(restored, 'restore', '--from', backup);
  const submittedBefore = smsc.submissions.total;
  const copy = await start(restored);
  const after = new Sending(smsc, callbacks, 500_000);
  after.start([{ ...first, url: copy.url }], 5);
  while (after.answeredOk.size < 20) await new Promise((resolve) => setTimeout(resolve, 20));
  await after.stop();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(smsc.submissions.total).toBe(submittedBefore);
  const newIds = [...after.answeredOk.keys()];
  expect(newIds.filter((id) => before.answeredOk.has(id))).toEqual([]);

  expect(await kwota(restored, 'carriers', 'list')).toContain('everything is paused');
  await kwota(restored, 'carriers', 'resume');
  await after.calledBack(60_000);
  const delivered = () => new Set(callbacks.received.filter(({ description }) => description === '1').map(({ id }) => Number(id)));
  await callbacks.until(() => acceptedBefore.every((id) => delivered().has(id)), 60_000);
  const { creditsLeft } = await new OperatorApi(copy.url, first.operatorToken).ask<{ creditsLeft: number }>('GET', account);
  expect(creditsLeft).toBeLessThanOrEqual(100_200 - acceptedBefore.length - newIds.length);
  await copy.stop();
  running = undefined;
  expect(await kwota(restored, 'audit', 'verify')).toMatch(/./);
}, 180_000);
