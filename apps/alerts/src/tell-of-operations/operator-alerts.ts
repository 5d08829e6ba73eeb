import { Injectable } from '@nestjs/common';
import { MoreThan, type EntityManager } from 'typeorm';
import { alertEntity, noAccount, type AlertAbout } from '../alerts.entities.js';
import { AlertsSettings } from '../alerts-settings.js';
import { AlertRecorder } from '../record-alerts/alert-recorder.js';

/** Of one subject at most one mail in this time: what is broken breaks again. */
export const quietMs = 60 * 60 * 1_000;

/** Mails to whoever runs the installation, where an address is set. */
@Injectable()
export class OperatorAlerts {
  constructor(
    private readonly alerts: AlertRecorder,
    private readonly settings: AlertsSettings,
  ) {}

  /** @param id of the event that tells it; repeated, it makes nothing new. How many mails that made. */
  async tell(manager: EntityManager, { id, about, subject }: { id: string; about: AlertAbout; subject: string }, nowMs: number): Promise<number> {
    const { operatorEmail: address } = this.settings;
    if (address === undefined) return 0;
    if (await manager.existsBy(alertEntity, { subject, createdAtMs: MoreThan(nowMs - quietMs) })) return 0;
    return this.alerts.byMail(manager, { id: `operator.${id}`, about, account: noAccount, userId: null, address, subject }, nowMs);
  }
}
