import type { CallbackEndpointFailing, CallbackSwitchedOff } from '@kwota/contracts/delivery.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { accountItself, recipientEntity, type AlertAbout } from '../alerts.entities.js';
import { AlertRecorder } from '../record-alerts/alert-recorder.js';
import { OperatorAlerts } from '../tell-of-operations/operator-alerts.js';

export type EndpointFact = Readonly<{ id: string; fact: CallbackEndpointFailing | CallbackSwitchedOff }>;

/** Whose callback URL fails or is switched off is told by mail, and so is the operator. */
@Injectable()
export class TellOfEndpointsHandler {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly alerts: AlertRecorder,
    private readonly operator: OperatorAlerts,
  ) {}

  async record(facts: readonly EndpointFact[], nowMs = Date.now()): Promise<void> {
    const added = await this.database.transaction(async (manager) => {
      let rows = 0;
      for (const { id, fact } of facts) {
        const { account, userId } = fact;
        const about = aboutOf(fact);
        const address = await this.addressOf(manager, account, userId);
        if (address) rows += await this.alerts.byMail(manager, { id: `endpoint.${id}`, about, account, userId, address }, nowMs);
        rows += await this.operator.tell(manager, { id, about, subject: `endpoint ${account} ${userId ?? ''}` }, nowMs);
      }
      return rows;
    });
    if (added > 0) this.alerts.wake();
  }

  /** The account's recipient is its owner's; where none is set, the user's own. */
  private async addressOf(manager: EntityManager, account: string, userId: string | null): Promise<string | undefined> {
    for (const id of [accountItself, ...(userId === null ? [] : [userId])]) {
      const recipient = await manager.findOneBy(recipientEntity, { account, userId: id });
      if (recipient?.alertEmail) return recipient.alertEmail;
    }
    return undefined;
  }
}

const aboutOf = (fact: CallbackEndpointFailing | CallbackSwitchedOff): AlertAbout => {
  const { account, userId } = fact;
  return fact.type === 'CallbackSwitchedOff'
    ? { kind: 'endpoint-off', account, userId, reason: fact.reason }
    : { kind: 'endpoint-failing', account, userId, percent: fact.percent, failingSinceMs: fact.failingSinceMs };
};
