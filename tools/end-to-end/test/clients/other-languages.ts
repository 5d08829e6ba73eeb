// Programs of other people in other languages, from their own registries, kept outside the workspace as Kafka's jars are.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'kwota');
export const installTimeoutMs = 5 * 60_000;

export const isThere = (program: string, ...parameters: string[]): Promise<boolean> => run(program, parameters).then(() => true, () => false);

/** Undefined where the language is missing: then the screen says so. @throws Error with CI=true. */
export const unlessMissing = (language: string): undefined => {
  const missing = `NOT RUN: needs ${language}`;
  if (process.env['CI'] === 'true') throw new Error(missing);
  process.stderr.write(`${missing}\n`);
  return undefined;
};

/** The folder of the programs of a virtual environment that has the package (`name==version`); undefined without Python. */
export const pythonWith = async (name: string): Promise<string | undefined> => {
  if (!(await isThere('python3', '-c', 'import ensurepip, venv'))) return unlessMissing('Python 3 with venv');
  const folder = join(cache, name.replace('==', '-'));
  const programs = join(folder, 'bin');
  if (existsSync(folder)) return programs;
  await mkdir(cache, { recursive: true });
  try {
    // It cannot be moved: it is made where it stays, and what did not come about goes.
    await run('python3', ['-m', 'venv', folder], { timeout: installTimeoutMs });
    await run(join(programs, 'pip'), ['install', '--quiet', '--disable-pip-version-check', name], { timeout: installTimeoutMs });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return programs;
};
