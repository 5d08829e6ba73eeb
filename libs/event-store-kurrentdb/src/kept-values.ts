import { binaryEvent, jsonEvent } from '@kurrent/kurrentdb-client';
import { randomUUID } from 'node:crypto';
import type { Connection } from './connection.js';

/** Somebody else saves the same value between our look and our write: so often in a row, and it is given up. */
const conflictsMax = 100;

type Kept = Readonly<{ revision: number; value: Uint8Array }>;

/** A value by name: the last event of a stream of its own, of which the server keeps only the last one. */
export class KeptValues {
  constructor(private readonly connection: Connection) {}

  async load(name: string): Promise<Uint8Array | undefined> {
    return (await this.read(name))?.value;
  }

  /** Compares and sets: `change` sees the newest value and may be asked again. Undefined: it stays. */
  async update(name: string, change: (old: Uint8Array | undefined) => Uint8Array | undefined): Promise<void> {
    for (let conflicts = 0; conflicts < conflictsMax; conflicts += 1) {
      const old = await this.read(name);
      const value = change(old?.value);
      if (value === undefined) return;
      if (!old) await this.keepOnlyTheLast(name);
      const event = binaryEvent({ id: randomUUID(), type: 'Kept', data: new Uint8Array(value) });
      if ((await this.connection.append(name, old?.revision ?? -1, [event])).appended) return;
    }
    throw new Error(`${name} is written by others all the time`);
  }

  private async read(name: string): Promise<Kept | undefined> {
    const [last] = await this.connection.readStream(name, 'end', 1);
    return last && { revision: Number(last.revision), value: last.data as Uint8Array };
  }

  /** Another one may have said so already. */
  private async keepOnlyTheLast(name: string): Promise<void> {
    const settings = jsonEvent({ type: '$metadata', data: { $maxCount: 1 } });
    await this.connection.append(`$$${name}`, -1, [settings]);
  }
}
