// 200 kills of the ledger's core on SQLite by default; KWOTA_KILLS and KWOTA_KILLS_SEED choose others (npx nx run ledger:kills: 2,000).
import { SqliteEventStore } from '@kwota/event-store-sqlite';
import { transformFile } from '@swc/core';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Opened, Outcome } from './kills/command-log.js';
import { WitnessedLedger } from './kills/witnessed-ledger.js';
import { Chance } from './simulation/chance.js';

const kills = Number(process.env['KWOTA_KILLS'] ?? 200);
const seed = Number(process.env['KWOTA_KILLS_SEED'] ?? 5);
const killsOfOneStore = 25;
/** Two cores: while one process is killed and checked another one starts. */
const storesAtOnce = 2;
/** From its first answer on; before it, while it reads the store, in some lives. */
const livesMsMax = 150;
const opensMsMax = 40;
const killedWhileOpeningPercent = 15;
const snapshotsPercent = 30;
/** More than a life gets through. */
const commandsOfOneLife = 4_000;
const commandsOfOneBatchMax = 5;

const withoutTypes = { swcrc: false, jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'es6' } } as const;
const core = new URL('../dist/ledger-core.js', import.meta.url).href;

const folder = mkdtempSync(join(tmpdir(), 'kwota-kills-'));
const workspace = fileURLToPath(new URL('../../..', import.meta.url));
type Child = ChildProcessByStdio<Writable, Readable, null>;
const children = new Set<Child>();
afterAll(async () => {
  await Promise.all([...children].map(killed));
  rmSync(folder, { recursive: true });
});

const killed = async (child: Child): Promise<void> => {
  // All that it told is heard only when its pipe is empty.
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  const [code, signal] = (await closed) as [number | null, string | null];
  children.delete(child);
  if (signal !== 'SIGKILL') throw new Error(`the ledger ended by itself with ${code}`);
};

/** Started before it is needed: it waits for its first line with all its code loaded. */
const start = (program: string): Child => {
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', program, core], {
    cwd: workspace,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // What it does not take any more is written in vain.
  child.stdin.on('error', () => undefined);
  children.add(child);
  return child;
};

const live = async (child: Child, ledger: WitnessedLedger, path: string, chance: Chance): Promise<void> => {
  let heard = '';
  const opened = new Promise<void>((resolve) => child.stdout.setEncoding('utf8').on('data', (text: string) => resolve(void (heard += text))).once('close', resolve));
  child.stdin.write(`${JSON.stringify({ path, takesSnapshots: chance.percent(snapshotsPercent) })}\n`);
  for (let index = ledger.resumesAt, end = index + commandsOfOneLife; index < end; ) {
    const batch = ledger.commandsFrom(index, 1 + chance.below(commandsOfOneBatchMax));
    child.stdin.write(`${JSON.stringify(batch)}\n`);
    index += batch.length;
  }
  if (chance.percent(killedWhileOpeningPercent)) await pause(chance.below(opensMsMax));
  else {
    await opened;
    await pause(chance.below(livesMsMax));
  }
  await killed(child);
  // The last line may be cut by the kill.
  const [found, ...outcomes] = heard.split('\n').slice(0, -1);
  if (found !== undefined) ledger.hearOpened(JSON.parse(found) as Opened[]);
  for (const line of outcomes) ledger.hear(JSON.parse(line) as (readonly [number, Outcome])[]);
};

const check = async (ledger: WitnessedLedger, path: string): Promise<void> => {
  if (!existsSync(path)) return;
  const reader = await SqliteEventStore.openReadOnly({ path });
  await ledger.check(reader);
  await reader.close();
};

/** Emptied by the first that fails. */
const stores = Array.from({ length: Math.ceil(kills / killsOfOneStore) }, (_, store) => store);

/** One store, killed again and again; gives the number of answers. */
const killAgainAndAgain = async (program: string, store: number, times: number): Promise<number> => {
  const chance = new Chance(seed * 1_000 + store);
  const ledger = new WitnessedLedger(new Chance(seed * 1_000 + store));
  const path = join(folder, `${store}.db`);
  let next = start(program);
  for (let kill = 1; kill <= times; kill += 1) {
    const child = next;
    next = start(program);
    try {
      await live(child, ledger, path, chance);
      await check(ledger, path);
    } catch (error) {
      stores.length = 0;
      throw new Error(`store ${store}, kill ${kill}, KWOTA_KILLS_SEED=${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
  await killed(next);
  return ledger.answered;
};

it(
  `${kills} times kill -9 at random moments (seed ${seed}): no answered command is lost, none is done twice, chain and balances hold`,
  async () => {
    const { code: program } = await transformFile(fileURLToPath(new URL('kills/killed-ledger.ts', import.meta.url)), withoutTypes);
    let answered = 0;
    const work = async (): Promise<void> => {
      for (let store; (store = stores.shift()) !== undefined; ) answered += await killAgainAndAgain(program, store, Math.min(killsOfOneStore, kills - store * killsOfOneStore));
    };
    await Promise.all(Array.from({ length: storesAtOnce }, work));
    expect(answered).toBeGreaterThan(kills * 20);
  },
  60_000 + kills * 5_000,
);
