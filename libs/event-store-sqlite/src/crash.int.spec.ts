import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SqliteEventStore } from './sqlite-event-store.js';

const kills = 8;
/** Different each time, so that the kill meets another moment of a commit. */
const appendsBeforeKill = (round: number): number => 20 + 37 * round;
const timeoutMs = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'kwota-crash-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'events.db');
const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const writer = fileURLToPath(new URL('crash.writer.ts', import.meta.url));

/** Lets the writer run until it told of so many appends, kills it with -9 and gives the last revision told of each stream. */
const writeUntilKilled = async (appends: number): Promise<Map<string, number>> => {
  const child = spawn(process.execPath, ['--conditions=@kwota/source', '--import', '@swc-node/register/esm-register', writer, path], {
    cwd: workspace,
    env: { ...process.env, SWC_NODE_PROJECT: 'tsconfig.json', NODE_OPTIONS: '--no-warnings' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
    if (told.split('\n').length > appends) child.kill('SIGKILL');
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself with ${code}`);
  const lines = told.slice(0, told.lastIndexOf('\n')).split('\n');
  return new Map(lines.map((line) => line.split(' ') as [string, string]).map(([stream, revision]) => [stream, Number(revision)]));
};

it(
  'after each kill -9 all that was told durable is there, whole appends only, without a gap',
  async () => {
    for (let round = 0; round < kills; round += 1) {
      const told = await writeUntilKilled(appendsBeforeKill(round));
      const store = await SqliteEventStore.open({ path });
      const next = new Map<string, number>();
      let nextPosition = 1;
      for await (const { stream, revision, position, id, data, hash } of store.readAll()) {
        expect(position).toBe(nextPosition);
        expect(revision).toBe(next.get(stream) ?? 0);
        expect(id).toBe(`${stream}/${revision}`);
        expect(createHash('sha256').update(data).digest().equals(hash)).toBe(true);
        next.set(stream, revision + 1);
        nextPosition += 1;
      }
      for (const [stream, revision] of told) expect(next.get(stream)).toBeGreaterThan(revision);
      // An append is there as a whole or not at all: after each whole one the count of events is one of this row.
      const wholeCounts = new Set<number>([0]);
      for (let count = 0; count < nextPosition; wholeCounts.add(count)) count += 1 + (count % 7);
      for (const count of next.values()) expect(wholeCounts).toContain(count);
      await store.close();
    }
  },
  timeoutMs,
);
