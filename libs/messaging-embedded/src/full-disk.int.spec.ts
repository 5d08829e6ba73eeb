import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = mkdtempSync(join(tmpdir(), 'kwota-log-full-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fileSizeMaxKiB = 1_024;

/** Runs full-disk.process.ts where no file may grow beyond the limit, as on a full disk. */
const runWhereFilesEnd = (): unknown => {
  const command = `ulimit -f ${fileSizeMaxKiB * 2}; exec "$0" --conditions=@kwota/source --import @swc-node/register/esm-register "$1" "$2"`;
  const program = fileURLToPath(new URL('full-disk.process.ts', import.meta.url));
  const { stdout, stderr } = spawnSync('sh', ['-c', command, process.execPath, program, join(folder, 'log.db')], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    env: { ...process.env, SWC_NODE_PROJECT: 'tsconfig.json', NODE_OPTIONS: '--no-warnings' },
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
};

it('a commit that the disk does not take rejects its publishers alone, health says so until one succeeds, and nothing of it is in the log', () => {
  expect(runWhereFilesEnd()).toEqual({
    before: 'published',
    tooLarge: 'PublishFailed',
    healthAfterFailure: { ready: false, reasons: [expect.stringContaining('cannot be written')] },
    after: 'published',
    healthAfterSuccess: { ready: true, reasons: [] },
    handled: ['"before"', '"after"'],
    inLog: ['"before"', '"after"'],
  });
});
