// A standalone that seals every few milliseconds is killed at any moment and started again: all that it ever signed is of one history.
import { CheckpointFile } from '@kwota/audit-log/checkpoint-file';
import { generateSignerKey, parseSignerKey } from '@kwota/audit-log/note-keys';
import { startKwota, type KwotaProcess } from '@kwota/testing/kwota-process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditJson } from './audit-under-test.js';

const rounds = 6;
const sendingMs = 700;
const dataDir = mkdtempSync(join(tmpdir(), 'kwota-sealing-'));
const secret = generateSignerKey('sms.example.org/ledger', 'log');
const environment = { KWOTA_AUDIT_KEY: secret, KWOTA_AUDIT_SEAL_INTERVAL_MS: '15' };
let kwota: KwotaProcess | undefined;
afterAll(async () => {
  await kwota?.stop();
  rmSync(dataDir, { recursive: true, force: true });
}, 30_000);

const send = async ({ url, first }: KwotaProcess, untilMs: number): Promise<void> => {
  const { serviceName, login, password, sender } = first;
  while (Date.now() < untilMs) {
    const query = new URLSearchParams({
      account: serviceName,
      login,
      password,
      from: sender,
      to: '+33600000001',
      message: 'Your parcel is at the door.',
      noStop: '1',
      contentType: 'text/json',
    });
    await fetch(`${url}/cgi-bin/sms/http2sms.cgi?${query}`).then((response) => response.text());
  }
};

const signed = () => {
  const file = CheckpointFile.openReadOnly(join(dataDir, 'ledger', 'checkpoints.db'));
  const all = file.all();
  file.close();
  return all;
};

it('what was signed before each kill stays signed, and all of it is of the history that is there in the end', async () => {
  const sizes: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    kwota = await startKwota(dataDir, environment);
    const running = kwota;
    const untilMs = Date.now() + sendingMs;
    // Requests under way when it is killed fail.
    const senders = Promise.allSettled(Array.from({ length: 4 }, () => send(running, untilMs + 2_000)));
    await new Promise((resolve) => setTimeout(resolve, untilMs - Date.now() + 37 * round));
    await running.kill();
    await senders;
    const checkpoints = signed();
    expect(checkpoints.slice(0, sizes.length).map(({ size }) => size)).toEqual(sizes);
    sizes.splice(0, sizes.length, ...checkpoints.map(({ size }) => size));
  }
  kwota = await startKwota(dataDir, environment);
  await kwota.stop();
  const { exitCode, found } = await auditJson<{ events: number; findings: unknown[]; checkpoints: { size: number; signature: string }[] }>(
    ['verify', '--no-compare'],
    {
      KWOTA_DATA_DIR: dataDir,
      KWOTA_AUDIT_VERIFIER_KEYS: parseSignerKey(secret).verifier.text,
    },
  );
  expect({ exitCode, findings: found.findings }).toEqual({ exitCode: 0, findings: [] });
  expect(found.checkpoints.length).toBeGreaterThan(rounds);
  expect(found.checkpoints.every(({ signature }) => signature === 'signed')).toBe(true);
  expect(found.checkpoints.at(-1)?.size).toBe(found.events);
}, 120_000);
