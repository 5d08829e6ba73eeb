import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backUp, BackupRefused, restore } from './backup.js';
import { DurableDatabase } from './sqlite.js';

const folder = mkdtempSync(join(tmpdir(), 'kwota-backup-'));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const newPath = (): string => join(folder, `${(count += 1)}`);

/** Two files that are written in turn: whatever is in the second is in the first. */
const openPair = () => {
  const dataDir = newPath();
  const databases = ['first', 'second'].map((name) => {
    mkdirSync(join(dataDir, name), { recursive: true });
    const database = new DurableDatabase(join(dataDir, name, `${name}.db`));
    database.exec('CREATE TABLE written (number INTEGER PRIMARY KEY, content TEXT)');
    return database;
  });
  writeFileSync(join(dataDir, 'secret.key'), 'secret');
  let number = 0;
  const write = (): void => {
    number += 1;
    for (const database of databases) database.prepare('INSERT INTO written VALUES (?, ?)').run(number, 'x'.repeat(200));
  };
  return { dataDir, databases, write, close: () => databases.forEach((database) => database.close()) };
};
const countIn = (dataDir: string, name: string): number => {
  const database = new DurableDatabase(join(dataDir, name, `${name}.db`));
  const row = database.prepare('SELECT COUNT(*) AS count FROM written').get() as { count: number };
  database.close();
  return row.count;
};

it('all files are as they were at one moment, whatever is written meanwhile', async () => {
  const { dataDir, databases, write, close } = openPair();
  for (const database of databases) database.exec(`WITH RECURSIVE n(i) AS (SELECT -20000 UNION ALL SELECT i + 1 FROM n WHERE i < -1) INSERT INTO written SELECT i, '${'x'.repeat(200)}' FROM n`);
  const out = newPath();
  const timer = setInterval(write, 20);
  await backUp(dataDir, out);
  clearInterval(timer);
  close();
  const restored = newPath();
  await restore(out, restored, []);
  const [first, second] = ['first', 'second'].map((name) => countIn(restored, name));
  expect(first).toBe(second);
  expect(first).toBeGreaterThanOrEqual(20_000);
  expect(readFileSync(join(restored, 'secret.key'), 'utf8')).toBe('secret');
  expect(statSync(join(out, 'secret.key')).mode & 0o777).toBe(0o600);
}, 30_000);

it('what is to be otherwise after a restore is so before anybody opens it', async () => {
  const { dataDir, write, close } = openPair();
  write();
  const out = newPath();
  await backUp(dataDir, out);
  close();
  const restored = newPath();
  await restore(out, restored, [
    { path: 'first/first.db', sql: 'DELETE FROM written' },
    { path: 'third/third.db', sql: 'DELETE FROM written' },
  ]);
  expect([countIn(restored, 'first'), countIn(restored, 'second')]).toEqual([0, 1]);
});

describe('refused is', () => {
  const backedUp = async (): Promise<string> => {
    const { dataDir, close } = openPair();
    const out = newPath();
    await backUp(dataDir, out);
    close();
    return out;
  };

  it('a folder that is not empty, to back up to or to restore to', async () => {
    const out = await backedUp();
    const { dataDir, close } = openPair();
    await expect(backUp(dataDir, out)).rejects.toThrow(BackupRefused);
    await expect(restore(out, dataDir, [])).rejects.toThrow('is not empty');
    close();
  });

  it('a backup that did not end', async () => {
    const out = await backedUp();
    rmSync(join(out, 'backup.json'));
    await expect(restore(out, newPath(), [])).rejects.toThrow('did not end');
  });

  it('a file that was changed since', async () => {
    const out = await backedUp();
    writeFileSync(join(out, 'secret.key'), 'another');
    await expect(restore(out, newPath(), [])).rejects.toThrow('is not what was backed up');
  });

  it('a manifest that names files outside', async () => {
    const out = await backedUp();
    const manifest = JSON.parse(readFileSync(join(out, 'backup.json'), 'utf8')) as { files: object[] };
    manifest.files.push({ path: '../outside', bytes: 0, sha256: '' });
    writeFileSync(join(out, 'backup.json'), JSON.stringify(manifest));
    await expect(restore(out, newPath(), [])).rejects.toThrow('names a file outside');
  });
});
