import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from './data-directory.js';

const folder = mkdtempSync(join(tmpdir(), 'kwota-data-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a service's folder", () => {
  it('is its own: a second one who opens it is told at once by which variable', () => {
    const first = DataDirectory.open(folder, 'ledger');
    expect(() => DataDirectory.open(folder, 'ledger')).toThrow(/KWOTA_DATA_DIR: .*ledger is in use by another process/);
    first.release();
  });

  it('is free again once it is released, in this process too', () => {
    for (let time = 0; time < 3; time += 1) DataDirectory.open(folder, 'carrier').release();
  });

  it('does not lock the folders of other services, and only its owner may look in', () => {
    const [users, dlr] = [DataDirectory.open(folder, 'users'), DataDirectory.open(folder, 'dlr')];
    expect(statSync(users.path).mode & 0o777).toBe(0o700);
    expect(users.file('users.db')).toBe(join(folder, 'users', 'users.db'));
    users.release();
    dlr.release();
  });
});
