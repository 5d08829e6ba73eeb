import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { load } from './http2sms-load.js';

export type Ceiling = Readonly<{ perSecond: number; p99Ms: number }>;

const warmUpSeconds = 2;
const measuredSeconds = 5;
const query = new URLSearchParams({ account: 'sms-kw00001-1', login: 'demo', password: 'demo', from: 'KWOTA', to: '+33612345678', message: 'bench', noStop: '1' });

/** What the bare prototype (prototype.process.ts) answers at so many connections on this machine, now. */
export const measurePrototype = async (connections: number): Promise<Ceiling> => {
  const folder = mkdtempSync(join(tmpdir(), 'kwota-prototype-'));
  const child = spawn(process.execPath, [fileURLToPath(new URL('./prototype.process.js', import.meta.url)), folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
    const target = `${url}/http2sms?${query}`;
    await load(target, connections, warmUpSeconds);
    const { requests, latency } = await load(target, connections, measuredSeconds);
    return { perSecond: requests.average, p99Ms: latency.p99 };
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
};
