import { findTestAlert, testAlert } from '@kwota/contracts/alerts.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { accountItself, alertEntity, recipientEntity } from '../alerts.entities.js';
import { mediaOfRecipient } from '../record-alerts/media-of-recipient.js';
import { AlertRecorder } from '../record-alerts/alert-recorder.js';

const rowIdOf = (testId: string): string => `test.${testId}`;

/** A test goes the way of every alert, but for one attempt only: whoever asked for it waits. */
@Controller()
export class TestAlertsOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly alerts: AlertRecorder,
  ) {}

  /** Repeating it sends nothing again. */
  @OnRequest(testAlert)
  async test(@Payload() { account, userId, testId }: { account: string; userId: string | null; testId: string }) {
    const isTold = await this.database.transaction(async (manager) => {
      const recipient = await manager.findOneBy(recipientEntity, { account, userId: userId ?? accountItself });
      if (!recipient || mediaOfRecipient(recipient, { bySms: true }).length === 0) return false;
      await this.alerts.toRecipient(manager, { id: rowIdOf(testId), about: { kind: 'test' }, account, userId, bySms: true }, Date.now());
      return true;
    });
    if (!isTold) return { outcome: 'refused', code: 'recipient-missing' };
    this.alerts.wake();
    return { outcome: 'done' };
  }

  @OnRequest(findTestAlert)
  async find(@Payload() { account, testId }: { account: string; testId: string }) {
    const rows = await this.database.read((manager) => manager.find(alertEntity, { where: { account, crossingId: rowIdOf(testId) }, order: { medium: 'ASC' } }));
    return { outcome: 'done', media: rows.map(({ medium, state, reason }) => ({ medium, outcome: state, reason })) };
  }
}
