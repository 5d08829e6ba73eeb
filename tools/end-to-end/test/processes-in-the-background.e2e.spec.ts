// On a machine of Kwota's own the services that nobody waits for leave the cores to those that answer (ADR 13); among other programs they step back a little.
import { ServiceProcess, type ServiceName, type ServiceProcessOptions } from '@kwota/services/service-process';
import { freePort } from '@kwota/testing/free-port';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';

/** sched(7). */
const [normal, idle] = [0, 5];
/** A user may be kept from it; then niceness alone is left. */
const mayBeIdle = spawnSync('chrt', ['--idle', '0', 'true']).status === 0;

const dataDir = mkdtempSync(join(tmpdir(), 'kwota-background-'));
let service: ServiceProcess | undefined;
afterEach(() => service?.kill());
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

/** proc(5): policy and niceness of a process that waits for its broker. With its first line it runs Node, and what was to be set is set. */
const scheduledAs = async (name: ServiceName, options: Pick<ServiceProcessOptions, 'machine'> = {}): Promise<{ policy: number; niceness: number }> => {
  const port = String(await freePort());
  const environment = { KWOTA_KAFKA_BROKERS: '127.0.0.1:1', KWOTA_MESSAGING: 'kafka', KWOTA_SECRET_KEY: Buffer.alloc(32, 1).toString('base64'), KWOTA_DATA_DIR: join(dataDir, name), KWOTA_HTTP_PORT: port, KWOTA_ADMIN_PORT: port };
  await new Promise<string>((resolve) => {
    service = new ServiceProcess({ ...options, service: name, environment, onLine: resolve });
    service.start();
  });
  const fields = readFileSync(`/proc/${service?.pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ').map(Number);
  return { niceness: fields[16] as number, policy: fields[38] as number };
};

it.each(['carrier', 'dlr', 'alerts'] as const)('%s runs when nobody who answers wants to, on a machine of Kwota alone', async (name) => {
  expect(await scheduledAs(name, { machine: 'alone' })).toEqual({ policy: mayBeIdle ? idle : normal, niceness: 19 });
}, 30_000);

it('a carrier steps back a little among other programs', async () => {
  expect(await scheduledAs('carrier')).toEqual({ policy: normal, niceness: 5 });
}, 30_000);

it.each(['gateway', 'ledger'] as const)('%s, which somebody waits for, is as whoever started it', async (name) => {
  expect(await scheduledAs(name, { machine: 'alone' })).toEqual({ policy: normal, niceness: getPriority() });
}, 30_000);
