// Writers that are killed with -9, and one that stands still in the middle, each a process of its own.
import type { StoredEvent } from '@kwota/event-store';
import { startPostgres } from '@kwota/postgres/postgres-server';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { PostgresEventStore } from './postgres-event-store.js';

const kills = 8;
/** Different each time, so that the kill meets another moment of a commit. */
const appendsBeforeKill = (round: number): number => 20 + 37 * round;
const timeoutMs = 60_000;

const server = await startPostgres();
const onPostgres = server ? it : it.skip;
afterAll(() => server?.stop());
const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const program = fileURLToPath(new URL('crash.writer.ts', import.meta.url));
const streams = ['a', 'b', 'c'];

const startWriter = (url: string) => {
  const child = spawn(process.execPath, ['--conditions=@kwota/source', '--import', '@swc-node/register/esm-register', program, url], {
    cwd: workspace,
    env: { ...process.env, SWC_NODE_PROJECT: 'tsconfig.json', NODE_OPTIONS: '--no-warnings' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close') as Promise<[number | null, string | null]>;
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (told += text));
  const lines = (): readonly string[] => told.slice(0, told.lastIndexOf('\n') + 1).split('\n').slice(0, -1);
  const until = async (holds: (lines: readonly string[]) => boolean): Promise<void> => {
    while (!holds(lines())) {
      if (child.exitCode !== null) throw new Error(`the writer ended by itself with ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const kill = async (): Promise<readonly string[]> => {
    child.kill('SIGKILL');
    const [code, signal] = await closed;
    if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself with ${code}`);
    return lines();
  };
  return { until, kill, signal: (signal: NodeJS.Signals) => child.kill(signal) };
};

/** The last revision that was told of each stream. */
const lastOf = (lines: readonly string[]): ReadonlyMap<string, number> =>
  new Map(lines.map((line) => line.split(' ')).flatMap(([kind, stream, revision]) => (kind === 'appended' ? [[stream!, Number(revision)]] : [])));

/** An append is there as a whole or not at all: after each whole one the count of a stream's events is one of this row. */
const expectWholeAppendsOnly = (events: readonly StoredEvent[]): ReadonlyMap<string, number> => {
  const next = new Map<string, number>();
  for (const [index, { stream, revision, position, id, data, hash }] of events.entries()) {
    expect([position, revision, id]).toEqual([index + 1, next.get(stream) ?? 0, `${stream}/${revision}`]);
    expect(createHash('sha256').update(data).digest().equals(hash)).toBe(true);
    next.set(stream, revision + 1);
  }
  const wholeCounts = new Set<number>();
  for (let count = 0; count <= events.length; count += 1 + (count % 7)) wholeCounts.add(count);
  for (const count of next.values()) expect(wholeCounts).toContain(count);
  return next;
};

const readAll = async (store: PostgresEventStore): Promise<readonly StoredEvent[]> => {
  const events: StoredEvent[] = [];
  for await (const event of store.readAll()) events.push(event);
  return events;
};

onPostgres(
  'after each kill -9 all that was told durable is there, whole appends only, without a gap',
  async () => {
    const url = server?.url ?? '';
    for (let round = 0; round < kills; round += 1) {
      const writer = startWriter(url);
      await writer.until((lines) => lines.length > appendsBeforeKill(round));
      const told = lastOf(await writer.kill());
      const store = await PostgresEventStore.open({ url });
      const next = expectWholeAppendsOnly(await readAll(store));
      for (const [stream, revision] of told) expect(next.get(stream)).toBeGreaterThan(revision);
      await store.close();
    }
  },
  timeoutMs,
);

onPostgres(
  'a writer that stands still holds up no other one, and when it goes on it is told that it was overtaken',
  async () => {
    const url = (await server?.createDatabase()) ?? '';
    for (let round = 0; round < 3; round += 1) {
      const writer = startWriter(url);
      await writer.until((lines) => lines.length > appendsBeforeKill(round));
      writer.signal('SIGSTOP');
      const other = await PostgresEventStore.open({ url });
      const startedMs = performance.now();
      for (const { stream, revision } of await other.streams()) {
        const append = (expectedRevision: number) =>
          other.append([{ stream, expectedRevision, events: [{ id: `other/${expectedRevision + 1}`, type: 'CreditsHeld', data: Buffer.alloc(1), hash: Buffer.alloc(32) }] }]);
        const [outcome] = await append(revision);
        // What the server was still at when the writer stood still may come first, once.
        if (!outcome!.appended) expect(await append(outcome!.actualRevision)).toMatchObject([{ appended: true }]);
      }
      expect(performance.now() - startedMs).toBeLessThan(1_000);
      writer.signal('SIGCONT');
      await writer.until((lines) => streams.every((stream) => lines.some((line) => line.startsWith(`refused ${stream}`) || line.startsWith(`failed ${stream}`))));
      const told = await writer.kill();
      const stored = await readAll(other);
      const lines = new Set(stored.map(({ stream, revision, id }) => `${stream} ${revision} ${id}`));
      for (const line of told) {
        const [kind, stream, revision] = line.split(' ');
        if (kind === 'appended') expect(lines).toContain(`${stream} ${revision} ${stream}/${revision}`);
      }
      expect(new Set(stored.map(({ stream, revision }) => `${stream}/${revision}`)).size).toBe(stored.length);
      await other.close();
    }
  },
  timeoutMs,
);
