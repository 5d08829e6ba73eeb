import { Injectable } from '@nestjs/common';
import { In, MoreThan, type EntityManager } from 'typeorm';
import { accountItself, alertEntity, recipientEntity, type AlertAbout, type AlertRow } from '../alerts.entities.js';
import { AlertsFactsPublisher } from '../alerts-facts.publisher.js';
import { AlertWorkers } from '../send-alerts/alert-workers.js';
import { mediaOfRecipient } from './media-of-recipient.js';

/** OVH.md 9: at most one alert SMS per number and account in this time. */
const joinWithinMs = 10 * 60 * 1_000;

export type AlertOfCredit = Readonly<{
  /** One for each occasion: by it a repeat is known. */
  id: string;
  about: AlertAbout;
  account: string;
  userId: string | null;
  levelMilliCredits?: number;
  leftMilliCredits?: number;
  bySms: boolean;
}>;

export type AlertByMail = Readonly<{ id: string; about: AlertAbout; account: string; userId: string | null; address: string; subject?: string }>;

/** Makes rows of what is to be told, each once; the workers send them. */
@Injectable()
export class AlertRecorder {
  constructor(
    private readonly facts: AlertsFactsPublisher,
    private readonly workers: AlertWorkers,
  ) {}

  /** To the recipient of the user or of the account, by each medium that is set. How many rows that made; none for an id that is known. */
  async toRecipient(manager: EntityManager, alert: AlertOfCredit, nowMs: number): Promise<number> {
    const { id, account, userId, bySms } = alert;
    if (await this.isKnown(manager, id)) return 0;
    const recipient = await manager.findOneBy(recipientEntity, { account, userId: userId ?? accountItself });
    const media = recipient ? mediaOfRecipient(recipient, { bySms }) : [];
    for (const { medium, address } of media) {
      const joins = medium === 'sms' && alert.about.kind !== 'test' && (await this.isToldAlready(manager, account, address, nowMs));
      const row = { ...rowOf(alert, { medium, address }, nowMs), ...(joins && ({ state: 'joined', endedAtMs: nowMs } as const)) };
      await manager.insert(alertEntity, row);
      if (joins) await this.facts.settled(manager, row, 'joined', nowMs);
    }
    return media.length;
  }

  /** To one address, whoever is set as recipient. */
  async byMail(manager: EntityManager, alert: AlertByMail, nowMs: number): Promise<number> {
    if (await this.isKnown(manager, alert.id)) return 0;
    await manager.insert(alertEntity, rowOf(alert, { medium: 'mail', address: alert.address }, nowMs));
    return 1;
  }

  /** After the commit that made rows. */
  wake(): void {
    this.facts.relay();
    this.workers.wake();
  }

  private isKnown(manager: EntityManager, crossingId: string): Promise<boolean> {
    return manager.existsBy(alertEntity, { crossingId });
  }

  /** By an SMS that is about to go, or that went within ten minutes; a test tells nothing. */
  private isToldAlready(manager: EntityManager, account: string, address: string, nowMs: number): Promise<boolean> {
    const sms = { medium: 'sms', account, address, kind: In(['threshold', 'forecast']) } as const;
    return manager.existsBy(alertEntity, [
      { ...sms, state: 'waiting' },
      { ...sms, state: 'sent', endedAtMs: MoreThan(nowMs - joinWithinMs) },
    ]);
  }
}

const rowOf = (alert: Partial<AlertOfCredit> & Omit<AlertByMail, 'address'>, to: Pick<AlertRow, 'medium' | 'address'>, nowMs: number): AlertRow => ({
  crossingId: alert.id,
  ...to,
  account: alert.account,
  userId: alert.userId ?? accountItself,
  kind: alert.about.kind,
  about: alert.about,
  subject: alert.subject ?? '',
  levelMilliCredits: alert.levelMilliCredits ?? 0,
  leftMilliCredits: alert.leftMilliCredits ?? 0,
  state: 'waiting',
  createdAtMs: nowMs,
  dueAtMs: nowMs,
  attempts: 0,
  reason: '',
  endedAtMs: null,
  submission: null,
});
