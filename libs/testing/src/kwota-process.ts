// A standalone Kwota as a process of its own, as its users run it: started, killed and started again on the same data.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { leaksInData, leaksInLines, refuseLeaks, secretsOf } from './leaks.js';

const workspace = fileURLToPath(new URL('../../..', import.meta.url));

export type FirstStart = Readonly<
  Record<
    | 'url'
    | 'serviceName'
    | 'login'
    | 'password'
    | 'sender'
    | 'applicationKey'
    | 'applicationSecret'
    | 'consumerKey'
    | 'clientId'
    | 'clientSecret'
    | 'operatorToken',
    string
  >
>;

export type KwotaProcess = Readonly<{
  url: string;
  httpsUrl: string | undefined;
  process: ChildProcess;
  /** Every line that it has written to stdout, and to stderr. */
  output: readonly string[];
  first: FirstStart;
  /** SIGTERM; resolves with the exit code. @throws Error when it wrote what nobody may (leaks.ts). */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when it is gone. @throws as stop. */
  kill(): Promise<void>;
}>;

/** Resolves when it says that it is ready; rejects with what it wrote when it ends before. The built code runs: build first. */
export const startKwota = async (dataDir: string, environment: Readonly<Record<string, string>> = {}): Promise<KwotaProcess> => {
  const child = spawn(process.execPath, ['apps/standalone/dist/main.js'], {
    cwd: workspace,
    env: { PATH: process.env['PATH'] ?? '', KWOTA_HTTP_PORT: '0', KWOTA_DATA_DIR: dataDir, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const output: string[] = [];
  createInterface(child.stderr).on('line', (line) => output.push(line));
  const ready = await new Promise<{ url: string; httpsUrl?: string }>((resolve, reject) => {
    void exited.then(() => reject(new Error(`kwota ended before it was ready:\n${output.join('\n')}`)));
    createInterface(child.stdout).on('line', (line) => {
      output.push(line);
      if (line.includes('"kwota is ready"')) resolve(JSON.parse(line) as { url: string; httpsUrl?: string });
    });
  });
  const first = environment['KWOTA_FIRST_START'] === 'off' ? ({} as FirstStart) : (JSON.parse(readFileSync(join(dataDir, 'first-start.json'), 'utf8')) as FirstStart);
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    child.kill(signal);
    await exited;
    const secrets = secretsOf(first);
    refuseLeaks('kwota', [...leaksInLines(output, secrets), ...leaksInData(dataDir, secrets)]);
    return child.exitCode;
  };
  return {
    url: ready.url,
    httpsUrl: ready.httpsUrl,
    process: child,
    output,
    first,
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
  };
};
