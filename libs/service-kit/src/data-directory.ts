import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ProcessLock } from './sqlite.js';

/** A service's own folder, locked for as long as this process lives: the kernel lets go of the lock with the process, however it ends. */
export class DataDirectory {
  private constructor(
    readonly path: string,
    private readonly lock: ProcessLock,
  ) {}

  /** @throws Error at once when another process has the folder. */
  static open(dataDir: string, service: string): DataDirectory {
    const path = join(dataDir, service);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    try {
      return new DataDirectory(path, new ProcessLock(join(path, 'lock.db')));
    } catch (error) {
      throw new Error(`KWOTA_DATA_DIR: ${path} is in use by another process`, { cause: error });
    }
  }

  file(name: string): string {
    return join(this.path, name);
  }

  release(): void {
    this.lock.release();
  }
}
