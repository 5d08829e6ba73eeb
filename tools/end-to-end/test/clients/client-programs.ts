// Other people's clients, as their users install them, in other languages. What they come from lies outside the workspace, as Kafka's jars do.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cache, installTimeoutMs, isThere, pythonWith, unlessMissing } from './other-languages.js';

const run = promisify(execFile);
const here = import.meta.dirname;

/** What to run, and the variable that names the authority to trust. */
export type ClientProgram = Readonly<{ name: string; command: readonly [string, ...string[]]; authority: string }>;

const onNode = (name: string, script: string): ClientProgram => ({ name, command: [process.execPath, join(here, script)], authority: 'NODE_EXTRA_CA_CERTS' });
export const npmOvh = onNode('npm ovh', 'ovh.mjs');
export const npmOvhApiSms = onNode('npm @ovh-api/sms', 'ovh-api-sms.mjs');

export const pypiOvh = async (): Promise<ClientProgram | undefined> => {
  const folder = await pythonWith('ovh==1.2.0');
  return folder && { name: 'PyPI ovh', command: [join(folder, 'python'), join(here, 'client.py')], authority: 'REQUESTS_CA_BUNDLE' };
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
