import { alerts, type AlertSettled } from '@kwota/contracts/alerts.v1';
import { Outbox } from '@kwota/service-kit/outbox';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { noAccount, type AlertOutcome, type AlertRow } from './alerts.entities.js';

const publicKinds: Partial<Record<AlertRow['kind'], AlertSettled['kind']>> = {
  threshold: 'threshold',
  forecast: 'forecast',
  test: 'test',
  'endpoint-failing': 'endpoint',
  'endpoint-off': 'endpoint',
};

/** How each alert ended, in the words of kwota.alerts.v1, put in the outbox in the transaction that ends it. */
@Injectable()
export class AlertsFactsPublisher {
  constructor(private readonly outbox: Outbox) {}

  async settled(manager: EntityManager, alert: Pick<AlertRow, 'account' | 'userId' | 'crossingId' | 'kind' | 'medium'>, outcome: AlertOutcome, atMs: number): Promise<void> {
    const { account, crossingId, medium } = alert;
    const kind = publicKinds[alert.kind];
    // What an operator is told is nobody's fact.
    if (account === noAccount || !kind) return;
    const fact = { type: 'AlertSettled', account, userId: alert.userId || null, crossingId, kind, medium, outcome, atMs } as const;
    await this.outbox.add(manager, [alerts.message(fact, { id: `${crossingId}.${medium}`, source: 'kwota/alerts' })]);
  }

  /** After the commit. */
  relay(): void {
    this.outbox.relay();
  }
}
