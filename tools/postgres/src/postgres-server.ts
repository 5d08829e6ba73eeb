// A real PostgreSQL server for one test or one look, from Debian's package; it has its own folder, port and password.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Client } from 'pg';

export type PostgresServer = Readonly<{
  /** Of an empty database. */
  url: string;
  /** Another empty database on the same server; its URL. */
  createDatabase(): Promise<string>;
  /** Ends this server alone, and deletes its folder. */
  stop(): Promise<void>;
}>;

const packageFolder = '/usr/lib/postgresql';
/** Debian's package creates it; the server refuses to run as root. */
const systemUser = 'postgres';
const startTimeoutMs = 30_000;
const run = promisify(execFile);

/**
 * Starts a server on 127.0.0.1. Where no server is installed: undefined, and the screen says what is missing.
 * @throws Error with CI=true where none is installed, and where the server does not start.
 */
export const startPostgres = async (): Promise<PostgresServer | undefined> => {
  const programs = newestPrograms();
  if (!programs) {
    const missing = 'NOT RUN: needs PostgreSQL (Debian package postgresql)';
    if (process.env['CI'] === 'true') throw new Error(missing);
    process.stderr.write(`${missing}\n`);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'kwota-postgres-'));
  try {
    return await startIn(folder, programs);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
};

/** Of the highest version that has a server: a package with the client alone leaves a folder, too. */
const newestPrograms = (): string | undefined => {
  if (!existsSync(packageFolder)) return undefined;
  const versions = readdirSync(packageFolder).toSorted((one, other) => Number(other) - Number(one));
  return versions.map((version) => join(packageFolder, version, 'bin')).find((programs) => ['initdb', 'postgres'].every((name) => existsSync(join(programs, name))));
};

const startIn = async (folder: string, programs: string): Promise<PostgresServer> => {
  const owner = await ownerOfServer();
  const password = randomBytes(16).toString('hex');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (owner) for (const path of [folder, passwordFile]) chownSync(path, owner.uid, owner.gid);
  const asOwner = { cwd: folder, env: { LC_ALL: 'C' }, ...owner };
  const data = join(folder, 'data');
  await run(join(programs, 'initdb'), ['-D', data, '-U', 'kwota', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C', '--no-sync'], asOwner);
  const port = await freePort();
  // Nothing outlives the server, so that nothing has to reach the disk.
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, 'fsync=off'].flatMap((setting) => ['-c', setting]);
  const server = spawn(join(programs, 'postgres'), ['-D', data, '-p', String(port), ...settings], { ...asOwner, stdio: ['ignore', 'ignore', 'pipe'] });
  const killWithProcess = (): void => void server.kill('SIGQUIT');
  process.once('exit', killWithProcess);
  const stop = async (): Promise<void> => {
    process.off('exit', killWithProcess);
    await end(server);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(server);
  } catch (error) {
    await stop();
    throw error;
  }
  const urlOf = (database: string): string => `postgres://kwota:${password}@127.0.0.1:${port}/${database}`;
  let created = 0;
  const createDatabase = async (): Promise<string> => {
    const name = `kwota${(created += 1)}`;
    const client = new Client(urlOf('postgres'));
    await client.connect();
    try {
      await client.query(`CREATE DATABASE ${name}`);
    } finally {
      await client.end();
    }
    return urlOf(name);
  };
  return { url: await createDatabase(), createDatabase, stop };
};

/** Undefined: the server runs as who runs this. */
const ownerOfServer = async (): Promise<{ uid: number; gid: number } | undefined> => {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = async (option: string): Promise<number> => Number((await run('id', [option, systemUser])).stdout);
  return { uid: await idOf('-u'), gid: await idOf('-g') };
};

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
};

/** @throws Error with what the server wrote when it ends first, or says nothing for half a minute. */
const untilReady = (server: ChildProcess & { readonly stderr: NodeJS.ReadableStream }): Promise<void> =>
  new Promise((resolve, reject) => {
    const written: string[] = [];
    const fail = (what: string): void => reject(new Error(`PostgreSQL ${what}:\n${written.join('\n')}`));
    const timer = setTimeout(() => fail(`was not ready within ${startTimeoutMs} ms`), startTimeoutMs);
    server.once('error', reject);
    server.once('exit', () => {
      clearTimeout(timer);
      fail('ended before it was ready');
    });
    createInterface(server.stderr).on('line', (line) => {
      written.push(line);
      if (!line.includes('ready to accept connections')) return;
      clearTimeout(timer);
      resolve();
    });
  });

/** SIGINT is its fast shutdown: connections are cut off, nobody is waited for. */
const end = async (server: ChildProcess): Promise<void> => {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGINT');
  await ended;
};
