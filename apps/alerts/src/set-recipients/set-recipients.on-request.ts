import { findAlertRecipients, setAlertRecipient, type AlertRecipient } from '@kwota/contracts/alerts.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { accountItself, recipientEntity } from '../alerts.entities.js';

type SetRecipient = Readonly<{ account: string; userId: string | null; recipient: AlertRecipient }>;

@Controller()
export class SetRecipientsOnRequest {
  constructor(private readonly database: ServiceDatabase) {}

  /** Repeating it changes nothing. The gateway has checked address and number. */
  @OnRequest(setAlertRecipient)
  async set(@Payload() { account, userId, recipient }: SetRecipient) {
    const row = { account, userId: userId ?? accountItself, ...recipient };
    await this.database.transaction((manager) => manager.upsert(recipientEntity, row, ['account', 'userId']));
    return { outcome: 'done' };
  }

  @OnRequest(findAlertRecipients)
  async find(@Payload() { account }: { account: string }) {
    const rows = await this.database.read((manager) => manager.find(recipientEntity, { where: { account }, order: { userId: 'ASC' } }));
    const recipients = rows.map(({ userId, alertEmail, alertNumber, support }) => ({ alertEmail, alertNumber, support, userId: userId || null }));
    return { outcome: 'done', recipients };
  }
}
