import type { IncomingMessage } from '@kwota/messaging';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crashTopic, crashTopics } from './crash.topics.js';
import { EmbeddedMessaging } from './embedded-messaging.js';

const rounds = 10;
/** Different each time, so that the kill meets another moment of a commit. */
const linesBeforeKill = (round: number): number => 50 + 731 * round;
/** Positions are at most this old when the process is killed; it handles what it handled in that time again. */
const repeatedMs = 1_000;
const timeoutMs = 120_000;

const folder = mkdtempSync(join(tmpdir(), 'kwota-log-crash-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'log.db');
const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const program = fileURLToPath(new URL('crash.process.ts', import.meta.url));

type Told = { published: Map<string, number>; handled: { key: string; number: number; atMs: number }[] };

/** Runs a process over the log until it has told so much, kills it with -9 and gives what it told. */
const runUntilKilled = async (round: number): Promise<Told> => {
  const child = spawn(process.execPath, ['--conditions=@kwota/source', '--import', '@swc-node/register/esm-register', program, path], {
    cwd: workspace,
    env: { ...process.env, SWC_NODE_PROJECT: 'tsconfig.json', NODE_OPTIONS: '--no-warnings' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  let lines = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
    lines += text.split('\n').length - 1;
    if (lines > linesBeforeKill(round)) child.kill('SIGKILL');
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (signal !== 'SIGKILL') throw new Error(`the process ended by itself with ${code}`);
  const result: Told = { published: new Map(), handled: [] };
  for (const line of told.slice(0, told.lastIndexOf('\n')).split('\n')) {
    const [what, key, number, atMs] = line.split(' ') as [string, string, string, string];
    if (what === 'published') result.published.set(key, Number(number));
    else result.handled.push({ key, number: Number(number), atMs: Number(atMs) });
  }
  return result;
};

const everything = async (): Promise<IncomingMessage[]> => {
  const messaging = await EmbeddedMessaging.open({ path, topics: crashTopics });
  const messages = messaging.read(crashTopic, 0, Number.MAX_SAFE_INTEGER);
  await messaging.close();
  return messages;
};

it(
  'after each kill -9 all that was acknowledged is there in order, a group skips nothing, and repeats no more than a moment',
  async () => {
    /** The highest number of each key that the group was seen to handle. */
    const handledTo = new Map<string, number>();
    let killedAt = new Map<string, { number: number; atMs: number }[]>();
    for (let round = 0; round < rounds; round += 1) {
      const { published, handled } = await runUntilKilled(round);

      const inLog = new Map<string, number>();
      let lastOffset = 0;
      for (const { key, value, offset } of await everything()) {
        expect(offset).toBeGreaterThan(lastOffset);
        lastOffset = offset;
        expect(Number(value)).toBe((inLog.get(key) ?? 0) + 1);
        inLog.set(key, Number(value));
      }
      for (const [key, number] of published) expect(inLog.get(key)).toBeGreaterThanOrEqual(number);

      const seen = new Map<string, number>();
      for (const { key, number } of handled) {
        const before = seen.get(key);
        if (before !== undefined) expect(number).toBe(before + 1);
        else {
          const known = handledTo.get(key) ?? 0;
          expect(number).toBeLessThanOrEqual(known + 1);
          const last = killedAt.get(key)?.at(-1);
          const first = killedAt.get(key)?.find((one) => one.number === number);
          if (last && first) expect(last.atMs - first.atMs).toBeLessThanOrEqual(repeatedMs);
        }
        seen.set(key, number);
        handledTo.set(key, Math.max(handledTo.get(key) ?? 0, number));
      }
      killedAt = new Map();
      for (const { key, number, atMs } of handled) killedAt.set(key, [...(killedAt.get(key) ?? []), { number, atMs }]);
    }
    expect(handledTo.size).toBeGreaterThan(1);
  },
  timeoutMs,
);
