import { startSmscSimulator } from '@kwota/smsc-simulator';
import { startKwota } from '@kwota/testing/kwota-process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './figure.js';
import { measureHttp2sms, startSink } from './http2sms-load.js';

/** http2sms over a standalone of its own. */
export const benchHttp = async (): Promise<Figure[]> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kwota-bench-'));
  const smsc = await startSmscSimulator({ submissionsKeptMax: 1_000 });
  const sink = await startSink();
  const kwota = await startKwota(dataDir, { KWOTA_SMSC_URL: smsc.url, KWOTA_CARRIER_PROFILE: 'kwota', KWOTA_CALLBACK_ALLOW: '127.0.0.0/8' });
  try {
    const goals = { answered: { 32: '≥ 10,000/s' }, p99: { 32: '≤ 20 ms' }, whole: '≥ 2,500/s' };
    return await measureHttp2sms({ url: kwota.url, first: kwota.first, smsc, sink }, [1, 32], goals);
  } finally {
    await kwota.stop();
    await smsc.close();
    await sink.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
};
