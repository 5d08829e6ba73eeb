import { startSmscSimulator } from '@kwota/smsc-simulator';
import { startKwota } from '@kwota/testing/kwota-process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './figure.js';
import { measureAnswered, measureWholeWay, startSink, warmUp, type LoadedKwota } from './http2sms-load.js';
import { measurePrototype } from './prototype.js';

const goals = { answered: { 32: '≥ 10,000/s' }, p99: { 32: '≤ 20 ms' } };

/** http2sms answered by a standalone of its own, beside what DESIGN §10's bare prototype answers on the same machine in the same minute. */
export const benchHttp = async (): Promise<Figure[]> => {
  const { perSecond, p99Ms } = await measurePrototype(32);
  const prototype: Figure[] = [
    { case: 'bare prototype (HTTP and two durable commits a request), 32 connections', value: perSecond, unit: '/s' },
    { case: 'bare prototype p99, 32 connections', value: p99Ms, unit: 'ms' },
  ];
  return [...prototype, ...(await onStandalone((kwota) => measureAnswered(kwota, [1, 32], goals)))];
};

/** http2sms → SMPP → receipt → callback answered, through a standalone of its own. */
export const benchDelivery = (): Promise<Figure[]> => onStandalone((kwota) => measureWholeWay(kwota, '≥ 2,500/s'));

const onStandalone = async (measure: (kwota: LoadedKwota) => Promise<Figure[]>): Promise<Figure[]> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kwota-bench-'));
  const smsc = await startSmscSimulator({ submissionsKeptMax: 1_000 });
  const sink = await startSink();
  const kwota = await startKwota(dataDir, { KWOTA_SMSC_URL: smsc.url, KWOTA_CARRIER_PROFILE: 'kwota', KWOTA_CALLBACK_ALLOW: '127.0.0.0/8' });
  try {
    const loaded = { url: kwota.url, first: kwota.first, smsc, sink };
    await warmUp(loaded);
    return await measure(loaded);
  } finally {
    await kwota.stop();
    await smsc.close();
    await sink.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
};
