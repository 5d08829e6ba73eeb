// Where the broker's program comes from: Java 17 of the machine, and Kafka's jars by Maven, kept outside the workspace.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The folder of this package, from src and from dist alike. */
export const packageFolder = join(import.meta.dirname, '..');
/** As in pom.xml. */
export const kafkaVersion = '4.3.1';
const oldestJava = 17;
/** Maven takes some seconds for 44 MB; a slow line may take minutes. */
const installTimeoutMs = 10 * 60_000;

export type KafkaProgram = Readonly<{ java: string; jars: string }>;

/** Undefined: Java 17 is not there, or neither are the jars nor Maven. Installs the jars where they are missing. */
export const findKafkaProgram = async (say: (line: string) => void = () => {}): Promise<KafkaProgram | undefined> => {
  const java = process.env['JAVA_HOME'] ? join(process.env['JAVA_HOME'], 'bin', 'java') : 'java';
  if ((await javaVersion(java)) < oldestJava) return undefined;
  const jars = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'kwota', `kafka-${kafkaVersion}`);
  if (!existsSync(jars)) {
    if (!(await isThere('mvn', ['-v']))) return undefined;
    say(`Kafka ${kafkaVersion} comes by Maven into ${jars} (44 MB, once)`);
    await install(jars);
  }
  return { java, jars };
};

/** Into a folder of its own first, so that two that install at once do not meet, and a broken one leaves nothing behind. */
const install = async (jars: string): Promise<void> => {
  const unfinished = `${jars}.${randomBytes(6).toString('hex')}`;
  await mkdir(dirname(jars), { recursive: true });
  try {
    const copy = ['-B', '-q', '-f', join(packageFolder, 'pom.xml'), 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${unfinished}`];
    await run('mvn', copy, { timeout: installTimeoutMs });
    await rename(unfinished, jars);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another was quicker: what it put there is the same.
    if (!existsSync(jars)) throw error;
  }
};

const javaVersion = async (java: string): Promise<number> => {
  try {
    const { stderr } = await run(java, ['-version']);
    return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
  } catch {
    return 0;
  }
};

const isThere = (program: string, args: readonly string[]): Promise<boolean> =>
  run(program, [...args]).then(
    () => true,
    () => false,
  );
