import { decodeEvent } from '@kwota/audit-log';
import { replayLedger } from '@kwota/audit-log/replay-ledger';
import { accepted } from '@kwota/contracts/accepted.v1';
import { credit } from '@kwota/contracts/credit.v1';
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { SqliteEventStore } from '@kwota/event-store-sqlite';
import type { IncomingMessage } from '@kwota/messaging';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const program = fileURLToPath(new URL('./ledger-process.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kwota-ledger-crash-'));
const processes: ChildProcess[] = [];

const start = (firstId: number) => {
  const options = ['--conditions=@kwota/source', '--no-warnings', '--import', '@swc-node/register/esm-register'];
  const child = spawn(process.execPath, [...options, program, folder, String(firstId)], {
    cwd: workspace,
    env: { ...process.env, SWC_NODE_PROJECT: 'tsconfig.json', NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  processes.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  // The last line may be cut by the kill.
  return { child, lines: () => output.split('\n').slice(0, -1) };
};
const kill = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
};
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
};

afterAll(async () => {
  for (const child of processes) await kill(child);
  rmSync(folder, { recursive: true });
});

const storedEvents = async () => {
  const store = await SqliteEventStore.openReadOnly({ path: join(folder, 'ledger', 'events.db') });
  const events = [];
  for await (const { data } of store.readAll()) events.push(decodeEvent(data));
  const replay = await replayLedger(store);
  await store.close();
  return { events, replay };
};

const logged = async <Message>(messaging: EmbeddedMessaging, contract: { topic: string; read: (value: string, type: string | undefined) => object }): Promise<Message[]> => {
  const messages: Message[] = [];
  const handle = async (batch: readonly IncomingMessage[]): Promise<void> => {
    for (const { value, headers } of batch) {
      const read = contract.read(value ?? '', headers['ce_type']);
      if ('message' in read) messages.push(read.message as Message);
    }
  };
  const subscription = await messaging.subscribe({ topic: contract.topic, group: 'test.reads', kind: 'broadcast', handle });
  await subscription.caughtUp();
  await subscription.close();
  return messages;
};

it('kill -9 four times under load: every answer stands, nothing is charged twice, all that is held is handed on and told', async () => {
  const answers: string[] = [];
  for (const round of [1, 2, 3, 4]) {
    const { child, lines } = start(round * 1_000_000);
    await until(() => lines().length >= 150 * round);
    await kill(child);
    answers.push(...lines());
  }
  const last = start(0);
  await until(() => last.lines().includes('settled'));
  // Facts follow their append by a moment.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await kill(last.child);

  const { events, replay } = await storedEvents();
  expect(replay).toMatchObject({ ok: true });
  const held = events.flatMap(({ type, data }) => (type === 'CreditsHeld' ? [(data as { messageId: number }).messageId] : []));
  expect(new Set(held).size).toBe(held.length);

  const answered = (outcome: string) => answers.flatMap((line) => (line.startsWith(`${outcome} `) ? [Number(line.slice(outcome.length + 1))] : []));
  const heldIds = new Set(held);
  expect(answered('accepted').filter((id) => !heldIds.has(id))).toEqual([]);
  expect(answered('refused').filter((id) => heldIds.has(id))).toEqual([]);
  expect(answered('accepted').length).toBeGreaterThan(600);

  const messaging = await EmbeddedMessaging.open({ path: join(folder, 'messaging.db'), topics: topicDefinitions });
  const handedOn = await logged<{ kind: string; messages: { messageId: number }[] }>(messaging, accepted);
  const handedOnIds = new Set(handedOn.flatMap(({ messages }) => messages.map(({ messageId }) => messageId)));
  expect(held.filter((id) => !handedOnIds.has(id))).toEqual([]);
  expect([...handedOnIds].filter((id) => !heldIds.has(id))).toEqual([]);

  const facts = await logged<{ account: string; accountSequence: number }>(messaging, credit);
  await messaging.close();
  const told = new Set(facts.map(({ account, accountSequence }) => `${account}/${accountSequence}`));
  expect(events.filter(({ account, revision }) => !told.has(`${account}/${revision}`))).toEqual([]);
}, 90_000);
