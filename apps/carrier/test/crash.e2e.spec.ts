import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { closeAll, pause, simulate, temporaryFolder } from './carrier-under-test.js';

const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const program = fileURLToPath(new URL('./carrier-process.ts', import.meta.url));
const windowSize = 100;
const messages = 2_000;

const processes: ChildProcess[] = [];
const start = (...args: readonly string[]) => {
  const options = ['--conditions=@kwota/source', '--no-warnings', '--import', '@swc-node/register/esm-register'];
  const child = spawn(process.execPath, [...options, program, ...args], {
    cwd: workspace,
    env: { ...process.env, SWC_NODE_PROJECT: 'tsconfig.json', NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  processes.push(child);
  let ended = 0;
  child.stdout.on('data', (chunk: Buffer) => (ended = Number(chunk.toString().trim().split('\n').at(-1))));
  return { child, ended: () => ended };
};
const kill = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
};
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await pause(2);
};

afterEach(async () => {
  for (const child of processes.splice(0)) await kill(child);
  await closeAll();
});

it('kill -9 three times on the way loses no message, and repeats at most a window of them each time', async () => {
  const simulator = await simulate({ latencyMs: 2 });
  const folder = temporaryFolder();
  for (const [index, share] of [0.1, 0.4, 0.7].entries()) {
    const { child } = start(folder, simulator.url, index === 0 ? String(messages) : '0');
    await until(() => simulator.submissions.total >= messages * share);
    await kill(child);
  }
  const last = start(folder, simulator.url, '0');
  await until(() => last.ended() === messages);
  const submitted = simulator.submissions.all().map(({ receiver }) => receiver);
  expect(new Set(submitted).size).toBe(messages);
  expect(submitted.length).toBeLessThanOrEqual(messages + 3 * windowSize);
}, 60_000);
