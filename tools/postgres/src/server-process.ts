// One PostgreSQL server: the process that was started and those it started itself, one for each connection and some more.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

type Spawned = ChildProcess & Readonly<{ stderr: NodeJS.ReadableStream }>;

const startTimeoutMs = 30_000;
const pollMs = 5;

export class ServerProcess {
  private process: Spawned | undefined;
  private readonly endWithThisProcess = (): void => this.signal('SIGQUIT');

  constructor(private readonly spawn: () => Spawned) {}

  /** @throws Error with what the server wrote when it ends first, or says nothing for half a minute. */
  async start(): Promise<void> {
    this.process = this.spawn();
    process.once('exit', this.endWithThisProcess);
    await untilReady(this.process);
  }

  /** SIGINT is its fast shutdown: connections are cut off, nobody is waited for. */
  async stop(): Promise<void> {
    process.off('exit', this.endWithThisProcess);
    this.signal('SIGCONT');
    if (!this.process || !isRunning(this.process)) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGINT');
    await ended;
  }

  /** The next start finds nobody who still holds its memory. */
  async kill(): Promise<void> {
    process.off('exit', this.endWithThisProcess);
    const pids = this.pids();
    this.signal('SIGKILL');
    while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, pollMs));
  }

  signal(signal: NodeJS.Signals): void {
    for (const pid of this.pids()) {
      try {
        process.kill(pid, signal);
      } catch (error) {
        // A connection's process may have ended meanwhile.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }

  /** Of a server that runs: the first one is the father of the others. */
  private pids(): readonly number[] {
    const pid = this.process && isRunning(this.process) ? this.process.pid : undefined;
    if (pid === undefined) return [];
    return [pid, ...childrenOf(pid)];
  }
}

const childrenOf = (pid: number): readonly number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    // It has ended just now.
    return [];
  }
};

const isRunning = ({ pid, exitCode, signalCode }: ChildProcess): boolean => pid !== undefined && exitCode === null && signalCode === null;

/** What has ended, and whose father has not looked yet, is dead. */
const isAlive = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat[stat.lastIndexOf(')') + 2] !== 'Z';
  } catch {
    return false;
  }
};

const untilReady = (server: Spawned): Promise<void> =>
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
