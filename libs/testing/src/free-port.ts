import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Below 32768, where Linux begins to give ports to outgoing connections: a client that knocks on a stopped server's port would get that very
 * port sooner or later, meet itself, and the server could not come back.
 */
const [lowest, highest] = [29_200, 31_999] as const;

/** A file a port, with the process in it that was given it: suites that run side by side may not listen yet on what they have. */
const claims = join(tmpdir(), 'kwota-ports');
const claimed: string[] = [];
process.once('exit', () => claimed.forEach((claim) => rmSync(claim, { force: true })));

/** A port of 127.0.0.1 on which nobody listens at the moment, and which no other process was given that still runs. */
export const freePort = async (): Promise<number> => {
  mkdirSync(claims, { recursive: true });
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1));
    if (isClaimable(join(claims, String(port))) && (await isFree(port))) return port;
  }
};

const isClaimable = (claim: string): boolean => {
  try {
    writeFileSync(claim, String(process.pid), { flag: 'wx' });
    claimed.push(claim);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // Whoever was killed left it behind; the next look finds it free.
    if (!isAlive(claim)) rmSync(claim, { force: true });
    return false;
  }
};

const isAlive = (claim: string): boolean => {
  try {
    process.kill(Number(readFileSync(claim, 'utf8')), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

export const isFree = async (port: number): Promise<boolean> => {
  const probe = createServer();
  try {
    const listening = once(probe, 'listening');
    probe.listen(port, '127.0.0.1');
    await listening;
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
};
