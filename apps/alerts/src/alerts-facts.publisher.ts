import { alerts } from '@kwota/contracts/alerts.v1';
import { Outbox } from '@kwota/service-kit/outbox';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AlertOutcome, AlertRow } from './alerts.entities.js';

/** How each alert ended, in the words of kwota.alerts.v1, put in the outbox in the transaction that ends it. */
@Injectable()
export class AlertsFactsPublisher {
  constructor(private readonly outbox: Outbox) {}

  settled(manager: EntityManager, alert: Pick<AlertRow, 'account' | 'userId' | 'crossingId' | 'medium'>, outcome: AlertOutcome, atMs: number): Promise<void> {
    const { account, crossingId, medium } = alert;
    const fact = { type: 'AlertSettled', account, userId: alert.userId || null, crossingId, medium, outcome, atMs } as const;
    return this.outbox.add(manager, [alerts.message(fact, { id: `${crossingId}.${medium}`, source: 'kwota/alerts' })]);
  }

  /** After the commit. */
  relay(): void {
    this.outbox.relay();
  }
}
