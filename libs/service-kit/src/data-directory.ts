import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DurableDatabase } from './sqlite.js';

/** A service's own folder, locked for as long as this process lives: the kernel lets go of the lock with the process, however it ends. */
export class DataDirectory {
  private constructor(
    readonly path: string,
    private readonly lock: DurableDatabase,
  ) {}

  /** @throws Error at once when another process has the folder. */
  static open(dataDir: string, service: string): DataDirectory {
    const path = join(dataDir, service);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const lock = new DurableDatabase(join(path, 'lock.db'));
    try {
      lock.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS held (pid INTEGER); COMMIT; BEGIN IMMEDIATE');
    } catch (error) {
      lock.close();
      throw new Error(`KWOTA_DATA_DIR: ${path} is in use by another process`, { cause: error });
    }
    return new DataDirectory(path, lock);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  release(): void {
    this.lock.close();
  }
}
