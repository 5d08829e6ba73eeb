import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Logger } from '@kwota/service-kit/logger';
import { Rounds } from '@kwota/service-kit/rounds';
import { LessThan } from 'typeorm';
import { alertEntity } from '../alerts.entities.js';

const hourMs = 60 * 60 * 1_000;
/** Longer than kwota.credit.v1 is kept (14 days): a crossing that is read again is still known. */
const keptMs = 30 * 24 * hourMs;

/** Deletes alerts, with the addresses in them, once nothing can ask for them again. */
export class ForgetAlertsWorker {
  private readonly rounds: Rounds;

  constructor(
    private readonly database: ServiceDatabase,
    log: Logger,
  ) {
    this.rounds = new Rounds(log, 'old alerts could not be deleted');
  }

  start(): void {
    this.rounds.every(hourMs, () => this.forget(Date.now()));
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  async forget(nowMs: number): Promise<void> {
    await this.database.transaction((manager) => manager.delete(alertEntity, { endedAtMs: LessThan(nowMs - keptMs) }));
  }
}
