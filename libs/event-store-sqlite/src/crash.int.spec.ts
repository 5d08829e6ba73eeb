import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SqliteEventStore } from './sqlite-event-store.js';

// Processes that are killed, or whose disk is full for real: no byte more is taken by the kernel.
const kills = 8;
/** Different each time, so that the kill meets another moment of a commit. */
const appendsBeforeKill = (round: number): number => 20 + 37 * round;
const timeoutMs = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'kwota-crash-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'events.db');
const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const writer = fileURLToPath(new URL('crash.writer.ts', import.meta.url));

const start = () => {
  const child = spawn(process.execPath, ['--conditions=@kwota/source', '--import', '@swc-node/register/esm-register', writer, path], {
    cwd: workspace,
    env: { ...process.env, SWC_NODE_PROJECT: 'tsconfig.json', NODE_OPTIONS: '--no-warnings' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close') as Promise<[number | null, string | null]>;
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (told += text));
  // The last line may be cut by the kill.
  const lines = (): readonly string[] => told.slice(0, told.lastIndexOf('\n') + 1).split('\n').slice(0, -1);
  return {
    lines,
    until: async (holds: () => boolean): Promise<void> => {
      while (!holds()) {
        if (child.exitCode !== null) throw new Error(`the writer ended by itself with ${child.exitCode}`);
        await pause(1);
      }
    },
    /** Of each file so many bytes, and not one more: as a full disk, the write ends in the middle of a page. */
    limitFiles: (bytes: number | 'unlimited') => execFileSync('prlimit', ['--pid', String(child.pid), `--fsize=${bytes}:`]),
    /** With -9. Gives the last revision that was told of each stream. */
    kill: async (): Promise<ReadonlyMap<string, number>> => {
      child.kill('SIGKILL');
      const [code, signal] = await closed;
      if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself with ${code}`);
      return lastOf(lines());
    },
  };
};

const lastOf = (lines: readonly string[]): ReadonlyMap<string, number> =>
  new Map(lines.map((line) => line.split(' ') as [string, string]).flatMap(([stream, revision]) => (revision === 'failed' ? [] : [[stream, Number(revision)]])));

const failuresIn = (lines: readonly string[]): number => lines.filter((line) => line.endsWith('failed')).length;

const expectAllThatWasTold = async (told: ReadonlyMap<string, number>): Promise<void> => {
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
};

it(
  'after each kill -9 all that was told durable is there, whole appends only, without a gap',
  async () => {
    for (let round = 0; round < kills; round += 1) {
      const process = start();
      await process.until(() => process.lines().length >= appendsBeforeKill(round));
      await expectAllThatWasTold(await process.kill());
    }
  },
  timeoutMs,
);

it(
  'on a disk that takes no more bytes, appends fail and nothing of them is there; with room again the same writer goes on, and a kill loses nothing',
  async () => {
    for (const bytesMore of [6_000, 50_000]) {
      const process = start();
      await process.until(() => process.lines().length >= 20);
      process.limitFiles(statSync(`${path}-wal`).size + bytesMore);
      await process.until(() => failuresIn(process.lines()) >= 10);
      const toldWhenFull = lastOf(process.lines());
      process.limitFiles('unlimited');
      const before = process.lines().length;
      await process.until(() => process.lines().length - failuresIn(process.lines().slice(before)) >= before + 50);
      const told = await process.kill();
      for (const [stream, revision] of toldWhenFull) expect(told.get(stream)).toBeGreaterThan(revision);
      await expectAllThatWasTold(told);
    }
    const process = start();
    await process.until(() => process.lines().length >= 20);
    process.limitFiles(statSync(`${path}-wal`).size + 20_000);
    await process.until(() => failuresIn(process.lines()) >= 5);
    await expectAllThatWasTold(await process.kill());
  },
  timeoutMs,
);
