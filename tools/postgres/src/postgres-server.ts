// A real PostgreSQL server for one test or one look, from Debian's package; it has its own folder, port and password.
import { freePort } from '@kwota/testing/free-port';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, closeSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { ServerProcess } from './server-process.js';

export type PostgresServer = Readonly<{
  /** Of an empty database. */
  url: string;
  /** Another empty database on the same server; its URL. */
  createDatabase(): Promise<string>;
  /** kill -9 of all its processes, as in a crash; resolves when they are gone. */
  kill(): Promise<void>;
  /** As `kill`, and the end of its write-ahead log is gone, in the middle of the last record: it never reached the disk whole. */
  killWithTornLog(): Promise<void>;
  /** Again after `kill`, on the same data and port. */
  start(): Promise<void>;
  /** SIGSTOP to all its processes: connections stay, nobody gets an answer until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends this server alone, and deletes its folder. */
  stop(): Promise<void>;
}>;

export type PostgresServerOptions = Readonly<{
  /** With fsync, as nobody needs who tests and everybody who measures. */
  durable?: boolean;
}>;

const packageFolder = '/usr/lib/postgresql';
/** Debian's package creates it; the server refuses to run as root. */
const systemUser = 'postgres';
/** Less than the shortest record, a commit, has. */
const tornBytes = 20;
const run = promisify(execFile);

/**
 * Starts a server on 127.0.0.1. Where no server is installed: undefined, and the screen says what is missing.
 * @throws Error with CI=true where none is installed, and where the server does not start.
 */
export const startPostgres = async ({ durable = false }: PostgresServerOptions = {}): Promise<PostgresServer | undefined> => {
  const programs = newestPrograms();
  if (!programs) {
    const missing = 'NOT RUN: needs PostgreSQL (Debian package postgresql)';
    if (process.env['CI'] === 'true') throw new Error(missing);
    process.stderr.write(`${missing}\n`);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'kwota-postgres-'));
  try {
    return await startIn(folder, programs, durable);
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

const startIn = async (folder: string, programs: string, durable: boolean): Promise<PostgresServer> => {
  const owner = await ownerOfServer();
  const password = randomBytes(16).toString('hex');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (owner) for (const path of [folder, passwordFile]) chownSync(path, owner.uid, owner.gid);
  const asOwner = { cwd: folder, env: { LC_ALL: 'C' }, ...owner };
  const data = join(folder, 'data');
  await run(join(programs, 'initdb'), ['-D', data, '-U', 'kwota', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C', '--no-sync'], asOwner);
  const port = await freePort();
  // Nothing of a test outlives the machine, so that nothing has to reach the disk.
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, `fsync=${durable ? 'on' : 'off'}`].flatMap((setting) => ['-c', setting]);
  const server = new ServerProcess(() => spawn(join(programs, 'postgres'), ['-D', data, '-p', String(port), ...settings], { ...asOwner, stdio: ['ignore', 'ignore', 'pipe'] }));
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await server.start();
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
  const killWithTornLog = async (): Promise<void> => {
    const client = new Client(urlOf('postgres'));
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ file: string; end: number }>('SELECT file_name AS file, file_offset AS end FROM pg_walfile_name_offset(pg_current_wal_flush_lsn())');
    await server.kill();
    await client.end();
    const { file, end } = rows[0]!;
    const log = openSync(join(data, 'pg_wal', file), 'r+');
    writeSync(log, Buffer.alloc(tornBytes), 0, tornBytes, end - tornBytes);
    closeSync(log);
  };
  return {
    url: await createDatabase(),
    createDatabase,
    kill: () => server.kill(),
    killWithTornLog,
    start: () => server.start(),
    pause: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
    stop,
  };
};

/** Undefined: the server runs as who runs this. */
const ownerOfServer = async (): Promise<{ uid: number; gid: number } | undefined> => {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = async (option: string): Promise<number> => Number((await run('id', [option, systemUser])).stdout);
  return { uid: await idOf('-u'), gid: await idOf('-g') };
};
