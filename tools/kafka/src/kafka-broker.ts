// A real Apache Kafka of one node for tests and for a look; it has its own folder and ports. It goes when the process goes.
import { freePort } from '@kwota/testing/free-port';
import { leaksInTopics, refuseLeaks } from '@kwota/testing/leaks';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findKafkaProgram, packageFolder, type KafkaProgram } from './kafka-jars.js';
import { untilReady } from './until-ready.js';

export type KafkaBrokerOptions = Readonly<{
  /** A new one in the system's temporary folder where left out; that one is deleted by `close`. */
  folder?: string;
  /** Any free one where left out. */
  port?: number;
  say?: (line: string) => void;
}>;

export type KafkaBroker = Readonly<{
  brokers: readonly string[];
  /** Of the process that runs now. */
  pid: number;
  /** Resolves when it has ended, whoever ended it. */
  ended(): Promise<void>;
  /** SIGTERM: an orderly end; the data stay. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP: it is there and answers nobody. */
  pause(): void;
  resume(): void;
  /** Starts it again, ended or not, on the same data and port; resolves when it is ready. */
  restart(): Promise<void>;
  /** Ends it, and deletes its folder if it was a temporary one. @throws Error when its public topics held a telephone number (leaks.ts). */
  close(): Promise<void>;
}>;

/** 220 MB of memory after the start, some 600 MB under load. The simple compiler and collector: it starts in two thirds of the time where cores are few. */
const virtualMachine = ['-Xms512m', '-Xmx512m', '-Xmn256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
const run = promisify(execFile);

/**
 * Starts a broker on 127.0.0.1; resolves when it is ready. Where Java or Maven are missing: undefined, and the screen says so.
 * @throws Error with CI=true where they are missing, and where the broker does not start: then with the end of what it wrote.
 */
export const startKafka = async (options: KafkaBrokerOptions = {}): Promise<KafkaBroker | undefined> => {
  const program = await findKafkaProgram(options.say);
  if (!program) {
    const missing = 'NOT RUN: needs Java 17 and Maven';
    if (process.env['CI'] === 'true') throw new Error(missing);
    process.stderr.write(`${missing}\n`);
    return undefined;
  }
  const broker = new Broker(program, options, options.port ?? (await freePort()), await freePort());
  try {
    await broker.start();
  } catch (error) {
    await broker.close();
    throw error;
  }
  return broker;
};

class Broker implements KafkaBroker {
  readonly brokers: readonly string[];
  private readonly folder: string;
  private readonly settings: string;
  private child: ChildProcess | undefined;
  private readonly killWithProcess = (): void => void this.child?.kill('SIGKILL');

  constructor(
    private readonly program: KafkaProgram,
    private readonly options: KafkaBrokerOptions,
    port: number,
    controllerPort: number,
  ) {
    this.brokers = [`127.0.0.1:${port}`];
    this.folder = options.folder ?? mkdtempSync(join(tmpdir(), 'kwota-kafka-'));
    mkdirSync(this.folder, { recursive: true });
    this.settings = join(this.folder, 'server.properties');
    const template = readFileSync(join(packageFolder, 'server.properties.in'), 'utf8');
    const filledIn = template.replaceAll('@PORT@', String(port)).replaceAll('@CONTROLLER_PORT@', String(controllerPort)).replaceAll('@DATA@', this.data);
    writeFileSync(this.settings, filledIn);
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  async start(): Promise<void> {
    if (!existsSync(join(this.data, 'meta.properties'))) await this.format();
    const log = openSync(this.log, 'a');
    const options = [...virtualMachine, '-XX:+ExitOnOutOfMemoryError', '-Djava.awt.headless=true', '-Djava.net.preferIPv4Stack=true'];
    const logging = `-Dlog4j2.configurationFile=${join(packageFolder, 'log4j2.yaml')}`;
    const child = spawn(this.program.java, [...options, logging, '-cp', this.classPath, 'kafka.Kafka', this.settings], { stdio: ['ignore', log, log] });
    closeSync(log);
    this.child = child;
    process.once('exit', this.killWithProcess);
    try {
      await Promise.race([untilReady(this.brokers, () => hasEnded(child)), failed(child)]);
    } catch (error) {
      throw new Error(`Kafka ${error instanceof Error ? error.message : error}; ${this.log} ends with:\n${this.lastWords()}`, { cause: error });
    }
  }

  async ended(): Promise<void> {
    if (this.child && !hasEnded(this.child)) await once(this.child, 'exit');
  }

  async stop(): Promise<void> {
    this.resume();
    await this.end('SIGTERM');
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

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async close(): Promise<void> {
    if (this.options.folder === undefined) {
      // Nobody will read these data: there is nothing to bring to an orderly end.
      await this.kill();
      const leaks = leaksInTopics(this.data);
      rmSync(this.folder, { recursive: true, force: true });
      refuseLeaks('Kwota', leaks);
    } else await this.stop();
  }

  private get data(): string {
    return join(this.folder, 'log');
  }

  private get log(): string {
    return join(this.folder, 'broker.txt');
  }

  private get classPath(): string {
    return join(this.program.jars, '*');
  }

  /** The cluster's id is what Kafka's own `random-uuid` would print, without a second JVM. */
  private async format(): Promise<void> {
    // 22 letters; one in 64 begins with a hyphen, which the tool would take for an option.
    const id = randomBytes(16).toString('base64url').replace(/^-/, 'A');
    const tool = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', this.classPath, 'kafka.tools.StorageTool', 'format', '-t', id, '-c', this.settings];
    await run(this.program.java, tool);
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (!child) return;
    process.off('exit', this.killWithProcess);
    if (hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  private lastWords(): string {
    return existsSync(this.log) ? readFileSync(this.log, 'utf8').split('\n').slice(-20).join('\n') : '';
  }
}

const hasEnded = (child: ChildProcess): boolean => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

const failed = async (child: ChildProcess): Promise<never> => {
  const [error] = await once(child, 'error');
  throw error;
};
