import { startKafka } from '@kwota/kafka/kafka-broker';
import { startServices } from '@kwota/services/start-services';
import { startSmscSimulator } from '@kwota/smsc-simulator';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './figure.js';
import { measureAnswered, measureWholeWay, startSink, warmUp } from './http2sms-load.js';

const ticksPerSecond = 100;

/** http2sms over six processes and a broker of its own, all on the same cores. Undefined where no broker can run; the screen says why. */
export const benchKafka = async (): Promise<Figure[] | undefined> => {
  const kafka = await startKafka();
  if (!kafka) return undefined;
  const dataDir = mkdtempSync(join(tmpdir(), 'kwota-bench-kafka-'));
  const smsc = await startSmscSimulator({ submissionsKeptMax: 1_000 });
  const sink = await startSink();
  const environment = { KWOTA_SMSC_URL: smsc.url, KWOTA_CARRIER_PROFILE: 'kwota', KWOTA_CALLBACK_ALLOW: '127.0.0.0/8', KWOTA_LOG_LEVEL: 'warn' };
  try {
    const services = await startServices({ dataDir, brokers: kafka.brokers, environment, machine: 'alone' });
    try {
      const kwota = { url: services.url, first: services.first, smsc, sink };
      await warmUp(kwota);
      const goals = { answered: { 32: '≥ 2,000/s' }, p99: { 32: '≤ 30 ms' } };
      const figures = [...(await measureAnswered(kwota, [1, 32, 128], goals)), ...(await measureWholeWay(kwota, '≥ 800/s'))];
      const spent = [...services.all.map(({ service, pid = 0 }) => [service, pid] as const), ['broker', kafka.pid] as const];
      return [...figures, ...spent.map(([name, pid]) => ({ case: `CPU spent in all: ${name}`, value: cpuSecondsOf(pid), unit: 's' }))];
    } finally {
      await services.stop();
    }
  } finally {
    await kafka.close();
    await smsc.close();
    await sink.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
};

/** User and system time of a process, as Linux counts it (proc(5), stat, fields 14 and 15). */
const cpuSecondsOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
};
