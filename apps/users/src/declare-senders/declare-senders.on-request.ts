import { declareSender, listSenders } from '@kwota/contracts/users.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { UsersFactsPublisher } from '../users-facts.publisher.js';
import { accountEntity, senderEntity } from '../users.entities.js';

/** 3GPP TS 23.040 9.1.2.5: an alphanumeric sender has at most 11 characters; a number at most 15 digits. */
export const senderForm = /^(?:[A-Za-z0-9][A-Za-z0-9 ._&'-]{0,10}|\+?\d{3,15})$/;

@Controller()
export class DeclareSendersOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly facts: UsersFactsPublisher,
  ) {}

  @OnRequest(declareSender)
  async declare(@Payload() { account, sender, description }: { account: string; sender: string; description: string }) {
    if (!senderForm.test(sender)) return { outcome: 'refused', code: 'sender-not-valid' };
    const result = await this.database.transaction(async (manager) => {
      if (!(await manager.existsBy(accountEntity, { account }))) return { outcome: 'refused', code: 'account-unknown' };
      if (await manager.existsBy(senderEntity, { account, sender })) return { outcome: 'done' };
      await manager.insert(senderEntity, { account, sender, description, status: 'enable', version: 1, reason: '', comment: null, code: null, wrongCodes: 0 });
      await this.facts.changed(manager, { type: 'SenderChanged', account, sender, status: 'enable', version: 1 });
      return { outcome: 'done' };
    });
    this.facts.relay();
    return result;
  }

  @OnRequest(listSenders)
  async list(@Payload() { account }: { account: string }) {
    const rows = await this.database.read((manager) => manager.find(senderEntity, { where: { account }, order: { sender: 'ASC' } }));
    return { outcome: 'done', senders: rows.map(({ sender, status, description }) => ({ sender, status, description })) };
  }
}
