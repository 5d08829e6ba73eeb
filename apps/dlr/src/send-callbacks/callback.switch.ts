import { ServiceDatabase } from '@kwota/service-kit/database';
import { run } from '@kwota/service-kit/sql';

/** Other instances see a change after so long. */
const lookIntervalMs = 2_000;

/** Whether callbacks go out at all: after a restore they wait until somebody has looked. */
export class CallbackSwitch {
  private isPaused = false;
  private timer: NodeJS.Timeout | undefined;

  private constructor(private readonly database: ServiceDatabase) {}

  static async open(database: ServiceDatabase): Promise<CallbackSwitch> {
    const callbacks = new CallbackSwitch(database);
    await callbacks.look();
    // Where the store is away nothing can be sent anyway; the next look tells.
    if (database.isShared) callbacks.timer = setInterval(() => void callbacks.look().catch(() => undefined), lookIntervalMs);
    return callbacks;
  }

  get paused(): boolean {
    return this.isPaused;
  }

  async set(paused: boolean): Promise<void> {
    const sql = 'INSERT INTO dlr_switch (one, paused) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET paused = excluded.paused';
    await this.database.transaction((manager) => run(manager, sql, [paused ? 1 : 0]));
    this.isPaused = paused;
  }

  close(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    const [row] = await this.database.read((manager) => run<{ paused: number }>(manager, 'SELECT paused FROM dlr_switch'));
    this.isPaused = Number(row?.paused ?? 0) === 1;
  }
}
