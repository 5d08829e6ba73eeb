// Programs of other people, installed by their own package managers into ~/.cache/kwota, outside the workspace and package.json.
import { execFile, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Go compiles its standard library the first time; a slow line may take minutes. */
export const installTimeoutMs = 10 * 60_000;
const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'kwota');
const clients = fileURLToPath(new URL('clients/', import.meta.url));

/** Made once: in a folder of its own first, so that two that install at once do not meet, and a broken one leaves nothing behind. */
const once = async (name: string, make: (folder: string) => Promise<unknown>): Promise<string> => {
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${randomBytes(6).toString('hex')}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    await make(unfinished);
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Another was quicker: what it put there is the same.
    if (!existsSync(folder)) throw error;
  }
  return folder;
};

/** With CI=true everything must be there: then its tests run, and fail. */
export const isThere = (program: string, args: readonly string[], what: string): boolean => {
  if (spawnSync(program, [...args]).status === 0 || process.env['CI'] === 'true') return true;
  console.log(`NOT RUN: needs ${what}`);
  return false;
};

/** Python packages with versions, as pip writes them; the folder of their modules. */
export const pythonPackages = (...packages: readonly string[]): Promise<string> =>
  once(`python-${packages.join('+').replaceAll(/[^\w.+-]/g, '-')}`, (folder) =>
    run('python3', ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-warn-script-location', '--target', folder, ...packages], { timeout: installTimeoutMs }),
  );

/** npm packages with versions; the folder whose node_modules has them. */
export const npmPackages = (...packages: readonly string[]): Promise<string> =>
  once(`npm-${packages.join('+').replaceAll(/[^\w.+-]/g, '-')}`, (folder) =>
    run('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder, ...packages], { timeout: installTimeoutMs }),
  );

/** A Go program of `clients/`, compiled; its path. Anew when a file of it changes. */
export const goProgram = async (name: string): Promise<string> => {
  const source = join(clients, name);
  const hash = createHash('sha256');
  for (const file of ['main.go', 'go.mod', 'go.sum']) hash.update(readFileSync(join(source, file)));
  const folder = await once(`go-${name}-${hash.digest('hex').slice(0, 12)}`, async (unfinished) => {
    const copy = join(unfinished, 'source');
    cpSync(source, copy, { recursive: true });
    // Without cgo the half of it need not be compiled.
    await run('go', ['build', '-o', join(unfinished, name), '.'], { cwd: copy, timeout: installTimeoutMs, env: { ...process.env, CGO_ENABLED: '0' } });
  });
  return join(folder, name);
};

export const clientScript = (file: string): string => join(dirname(clients), 'clients', file);
