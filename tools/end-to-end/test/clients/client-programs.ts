// Other people's clients, as their users install them, in other languages. What they come from lies outside the workspace, as Kafka's jars do.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'kwota');
const here = import.meta.dirname;
const pythonPackage = 'ovh==1.2.0';
const installTimeoutMs = 5 * 60_000;

/** What to run, and the variable that names the authority to trust. */
export type ClientProgram = Readonly<{ name: string; command: readonly [string, ...string[]]; authority: string }>;

const onNode = (name: string, script: string): ClientProgram => ({ name, command: [process.execPath, join(here, script)], authority: 'NODE_EXTRA_CA_CERTS' });
export const npmOvh = onNode('npm ovh', 'ovh.mjs');
export const npmOvhApiSms = onNode('npm @ovh-api/sms', 'ovh-api-sms.mjs');

const isThere = (program: string, ...parameters: string[]): Promise<boolean> => run(program, parameters).then(() => true, () => false);

/** Undefined where the language is missing: then the screen says so. @throws Error with CI=true. */
const unlessMissing = (language: string): undefined => {
  const missing = `NOT RUN: needs ${language}`;
  if (process.env['CI'] === 'true') throw new Error(missing);
  process.stderr.write(`${missing}\n`);
  return undefined;
};

export const pypiOvh = async (): Promise<ClientProgram | undefined> => {
  if (!(await isThere('python3', '-m', 'venv', '--help'))) return unlessMissing('Python 3 with venv');
  const folder = join(cache, pythonPackage.replace('==', '-'));
  if (!existsSync(folder)) {
    // A virtual environment cannot be moved: it is made where it stays, and what did not come about goes.
    await mkdir(cache, { recursive: true });
    try {
      await run('python3', ['-m', 'venv', folder], { timeout: installTimeoutMs });
      await run(join(folder, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', pythonPackage], { timeout: installTimeoutMs });
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }
  return { name: 'PyPI ovh', command: [join(folder, 'bin', 'python'), join(here, 'client.py')], authority: 'REQUESTS_CA_BUNDLE' };
};

export const goOvh = async (): Promise<ClientProgram | undefined> => {
  if (!(await isThere('go', 'version'))) return unlessMissing('Go');
  await mkdir(cache, { recursive: true });
  const binary = join(cache, 'go-ovh-client');
  const unfinished = `${binary}.${randomBytes(6).toString('hex')}`;
  await run('go', ['build', '-o', unfinished, '.'], { cwd: join(here, 'go'), timeout: installTimeoutMs });
  await rename(unfinished, binary);
  return { name: 'Go github.com/ovh/go-ovh', command: [binary], authority: 'SSL_CERT_FILE' };
};
