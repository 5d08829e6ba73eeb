import { ServiceDatabase } from '@kwota/service-kit/database';
import { Injectable } from '@nestjs/common';
import { MoreThan, type EntityManager } from 'typeorm';
import { accountItself, alertEntity, recipientEntity, type AlertRow } from '../alerts.entities.js';
import { AlertsFactsPublisher } from '../alerts-facts.publisher.js';
import { AlertWorkers } from '../send-alerts/alert-workers.js';
import { alertsOfCrossing, type ThresholdCrossed } from './alerts-of-crossing.js';

/** OVH.md 9: at most one alert SMS per number and account in this time. */
const joinWithinMs = 10 * 60 * 1_000;

@Injectable()
export class RecordCrossingsHandler {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly facts: AlertsFactsPublisher,
    private readonly workers: AlertWorkers,
  ) {}

  /** Makes each medium of each crossing a row, once, however often the crossing comes: the workers send them. */
  async record(crossings: readonly ThresholdCrossed[], nowMs = Date.now()): Promise<void> {
    const added = await this.database.transaction(async (manager) => {
      let rows = 0;
      for (const crossing of crossings) rows += await this.recordOne(manager, crossing, nowMs);
      return rows;
    });
    if (added === 0) return;
    this.facts.relay();
    this.workers.wake();
  }

  private async recordOne(manager: EntityManager, crossing: ThresholdCrossed, nowMs: number): Promise<number> {
    const { account, userId, crossingId } = crossing;
    if (await manager.existsBy(alertEntity, { crossingId })) return 0;
    const recipient = await manager.findOneBy(recipientEntity, { account, userId: userId ?? accountItself });
    const alerts = recipient ? alertsOfCrossing(crossing, recipient) : [];
    for (const { medium, address } of alerts) {
      const joins = medium === 'sms' && (await this.isToldAlready(manager, account, address, nowMs));
      const row: AlertRow = {
        crossingId,
        medium,
        account,
        userId: userId ?? accountItself,
        address,
        levelMilliCredits: crossing.levelMilliCredits,
        leftMilliCredits: crossing.leftMilliCredits,
        state: joins ? 'joined' : 'waiting',
        createdAtMs: nowMs,
        dueAtMs: nowMs,
        attempts: 0,
        endedAtMs: joins ? nowMs : null,
        submission: null,
      };
      await manager.insert(alertEntity, row);
      if (joins) await this.facts.settled(manager, row, 'joined', nowMs);
    }
    return alerts.length;
  }

  /** By an SMS that is about to go, or that went within ten minutes. */
  private async isToldAlready(manager: EntityManager, account: string, address: string, nowMs: number): Promise<boolean> {
    const sms = { medium: 'sms', account, address } as const;
    return manager.existsBy(alertEntity, [
      { ...sms, state: 'waiting' },
      { ...sms, state: 'sent', endedAtMs: MoreThan(nowMs - joinWithinMs) },
    ]);
  }
}
