import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Logger } from '@kwota/service-kit/logger';
import { LessThan } from 'typeorm';
import { alertEntity } from '../alerts.entities.js';

const hourMs = 60 * 60 * 1_000;
/** Longer than kwota.credit.v1 is kept (14 days): a crossing that is read again is still known. */
const keptMs = 30 * 24 * hourMs;

/** Deletes alerts, with the addresses in them, once nothing can ask for them again. */
export class ForgetAlertsWorker {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly log: Logger,
  ) {}

  start(): void {
    const forget = () =>
      (this.running = this.forget(Date.now()).catch((error: Error) => {
        this.log.error({ err: { type: error.name } }, 'old alerts could not be deleted; trying again in an hour');
      }));
    this.timer = setInterval(forget, hourMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  async forget(nowMs: number): Promise<void> {
    await this.database.transaction((manager) => manager.delete(alertEntity, { endedAtMs: LessThan(nowMs - keptMs) }));
  }
}
