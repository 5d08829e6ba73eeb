import { startSmscSimulator, type SmscSimulator } from '@kwota/smsc-simulator';
import { startKwota } from '@kwota/testing/kwota-process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './figure.js';

const burstSeconds = 10;
const settleWithinMs = 60_000;

type Load = { requests: { total: number; average: number }; latency: { p50: number; p99: number }; '2xx': number };

/** http2sms over a standalone of its own: answered at 1 and 32 connections, then the whole way until the last final callback was answered. */
export const benchHttp = async (): Promise<Figure[]> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kwota-bench-'));
  const smsc = await startSmscSimulator({ submissionsKeptMax: 1_000 });
  const sink = await startSink();
  const kwota = await startKwota(dataDir, { KWOTA_SMSC_URL: smsc.url, KWOTA_CARRIER_PROFILE: 'kwota', KWOTA_CALLBACK_ALLOW: '127.0.0.0/8' });
  const { serviceName, login, password, sender, operatorToken } = kwota.first;
  const operator = (method: string, path: string, body: unknown): Promise<Response> =>
    fetch(`${kwota.url}/operator/accounts/${serviceName}${path}`, { method, headers: { authorization: `Bearer ${operatorToken}` }, body: JSON.stringify(body) });
  const query = new URLSearchParams({ account: serviceName, login, password, from: sender, to: '+33612345678', message: 'bench', noStop: '1' });
  const target = `${kwota.url}/http2sms?${query}`;
  try {
    await operator('POST', '/credits', { credits: 10_000_000, reference: 'bench' });
    await load(target, 32, 2);
    await rest(smsc);
    const one = await load(target, 1, 5);
    await rest(smsc);
    const many = await load(target, 32, burstSeconds);

    await operator('PUT', `/users/${login}`, { callBack: sink.url });
    await rest(smsc);
    const before = sink.finals;
    const startedAtMs = performance.now();
    const whole = await load(target, 32, burstSeconds);
    const loadEndedAtMs = performance.now();
    while (sink.finals - before < whole.requests.total && performance.now() - loadEndedAtMs < 10 * settleWithinMs) await new Promise((resolve) => setTimeout(resolve, 50));
    const wholeSeconds = (performance.now() - startedAtMs) / 1_000;
    return [
      { case: 'http2sms answered, 1 connection', value: one.requests.total / 5, unit: '/s' },
      { case: 'http2sms p99, 1 connection', value: one.latency.p99, unit: 'ms' },
      { case: 'http2sms answered, 32 connections, burst of 10 s', value: many.requests.total / burstSeconds, unit: '/s', goal: '≥ 10,000/s' },
      { case: 'http2sms p99, 32 connections', value: many.latency.p99, unit: 'ms', goal: '≤ 20 ms' },
      { case: 'the whole way: messages whose final callback was answered', value: (sink.finals - before) / wholeSeconds, unit: '/s', goal: '≥ 2,500/s' },
      { case: 'the whole way: answered OK and called back', value: ((sink.finals - before) / whole.requests.total) * 100, unit: '%', goal: '100 %' },
      { case: 'after the burst: until the last final callback', value: (performance.now() - loadEndedAtMs) / 1_000, unit: 's', goal: '≤ 60 s' },
    ];
  } finally {
    await kwota.stop();
    await smsc.close();
    await sink.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
};

/** autocannon in a process of its own, so that it takes no time from the sink. */
const load = async (url: string, connections: number, seconds: number): Promise<Load> => {
  const child = spawn(process.execPath, ['node_modules/autocannon/autocannon.js', '-j', '-c', String(connections), '-d', String(seconds), url], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'exit');
  return JSON.parse(output) as Load;
};

/** Until the SMSC has had nothing to do for three seconds: what came before a measurement must not be counted in it. */
const rest = async (smsc: SmscSimulator): Promise<void> => {
  let quietSinceMs = performance.now();
  for (let total = -1; performance.now() - quietSinceMs < 3_000; await new Promise((resolve) => setTimeout(resolve, 100))) {
    if (smsc.submissions.total === total && smsc.receiptsWaiting() === 0) continue;
    total = smsc.submissions.total;
    quietSinceMs = performance.now();
  }
};

/** A customer's endpoint that counts finals. */
const startSink = async () => {
  let finals = 0;
  const server = createServer((request, response) => {
    if (/[?&]description=(?:1|2|16)(?:&|$)/.test(request.url ?? '')) finals += 1;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/dlr`,
    get finals() {
      return finals;
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
};
