// One service as a process of its own: started, stopped, killed, paused, and started again on the same data and port.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const serviceNames = ['gateway', 'users', 'ledger', 'carrier', 'dlr', 'alerts'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** Nobody waits for these: on one machine they leave the time to those that answer, as standalone does (ADR 13). */
const behindTheOthers: ReadonlySet<ServiceName> = new Set(['carrier', 'dlr', 'alerts']);
/** Where the machine is Kwota's alone they run when nobody who answers wants to; among other programs, as tests are, these would leave them nothing. */
const behindNiceness = { alone: 19, amongOthers: 5 };
/** Linux, sched(7): whoever wakes up goes at once to a core that runs nothing but such processes, which niceness 19 alone does not make it. */
const asIdle = ['chrt', '--idle', '0'] as const;
let knowsIdle: boolean | undefined;
const mayRunAsIdle = (): boolean => (knowsIdle ??= spawnSync(asIdle[0], [...asIdle.slice(1), process.execPath, '--version']).status === 0);

const workspace = fileURLToPath(new URL('../../..', import.meta.url));

export type ServiceProcessOptions = Readonly<{
  service: ServiceName;
  /** Its data folder, ports and settings included. */
  environment: Readonly<Record<string, string>>;
  /** Who shares the machine; `amongOthers` where left out. */
  machine?: keyof typeof behindNiceness;
  /** For Node itself, as --cpu-prof. */
  execArgv?: readonly string[];
  /** Each line that it writes, as it comes. */
  onLine?: (line: string) => void;
}>;

/** The built code runs: build first. */
export class ServiceProcess {
  readonly service: ServiceName;
  /** Every line that it has written, also before it was started again. */
  readonly output: string[] = [];
  private child: ChildProcess | undefined;
  private exited: Promise<unknown> = Promise.resolve();
  private readonly onEnd: ((code: number | null, signal: NodeJS.Signals | null) => void)[] = [];

  constructor(private readonly options: ServiceProcessOptions) {
    this.service = options.service;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Where it answers /health and /metrics; of the gateway, everything. */
  get url(): string {
    const { KWOTA_HTTP_PORT, KWOTA_ADMIN_PORT } = this.options.environment;
    return `http://127.0.0.1:${this.service === 'gateway' ? KWOTA_HTTP_PORT : KWOTA_ADMIN_PORT}`;
  }

  whenEnded(listener: (code: number | null, signal: NodeJS.Signals | null) => void): void {
    this.onEnd.push(listener);
  }

  start(): void {
    if (this.isRunning) return;
    const { execArgv = [], machine = 'amongOthers' } = this.options;
    const isBehind = behindTheOthers.has(this.service);
    const command = [...(isBehind && machine === 'alone' && mayRunAsIdle() ? asIdle : []), process.execPath, ...execArgv, `apps/${this.service}/dist/main.js`] as const;
    const child = spawn(command[0], command.slice(1), {
      cwd: workspace,
      env: { PATH: process.env['PATH'] ?? '', ...this.options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (child.pid !== undefined && isBehind) setPriority(child.pid, behindNiceness[machine]);
    const killWithParent = (): void => void child.kill('SIGKILL');
    process.once('exit', killWithParent);
    this.child = child;
    this.exited = once(child, 'exit');
    child.once('exit', (code, signal) => {
      process.off('exit', killWithParent);
      for (const listener of this.onEnd) listener(code, signal);
    });
    for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', (line) => this.take(line));
  }

  /** SIGTERM; resolves with its exit code. */
  async stop(): Promise<number | null> {
    await this.end('SIGTERM');
    return this.child?.exitCode ?? null;
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** Resolves when /health/ready is 200; rejects with its last reasons, or with its last lines where it has ended. */
  async ready(timeoutMs: number): Promise<void> {
    let seen = 'it did not answer';
    for (const untilMs = performance.now() + timeoutMs; performance.now() < untilMs; await new Promise((resolve) => setTimeout(resolve, 100))) {
      if (!this.isRunning) throw new Error(`${this.service} has ended:\n${this.output.slice(-20).join('\n')}`);
      const response = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
      if (response?.status === 200) return;
      if (response) seen = await response.text();
    }
    throw new Error(`${this.service} is not ready after ${timeoutMs} ms: ${seen}`);
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.isRunning) return;
    this.child?.kill(signal);
    // A paused process takes SIGTERM only when it goes on.
    if (signal !== 'SIGKILL') this.child?.kill('SIGCONT');
    await this.exited;
  }

  private take(line: string): void {
    this.output.push(line);
    this.options.onLine?.(line);
  }
}
