import { deleteMessage, exportMessages, findMessage, findMessages, showUsage } from '@kwota/contracts/dlr.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { MessagesRepository } from '../messages.repository.js';
import type { ReplyOf, RequestOf } from '../requests.js';
import { idsOfMessages, pageOfMessages, usageByUser } from './messages-of-period.js';

/** The history of an account or of a user, as jobs and outgoing messages. */
@Controller()
export class FindMessagesOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly messages: MessagesRepository,
  ) {}

  @OnRequest(findMessages)
  async findIds(@Payload() request: RequestOf<typeof findMessages>): Promise<ReplyOf<typeof findMessages>> {
    return { outcome: 'done', messageIds: await this.database.read((manager) => idsOfMessages(manager, request)) };
  }

  @OnRequest(exportMessages)
  async export(@Payload() request: RequestOf<typeof exportMessages>): Promise<ReplyOf<typeof exportMessages>> {
    return { outcome: 'done', messages: await this.database.read((manager) => pageOfMessages(manager, request)) };
  }

  @OnRequest(showUsage)
  async usage(@Payload() request: RequestOf<typeof showUsage>): Promise<ReplyOf<typeof showUsage>> {
    return { outcome: 'done', usage: await this.database.read((manager) => usageByUser(manager, request)) };
  }

  @OnRequest(findMessage)
  async find(@Payload() { account, userId, messageId }: RequestOf<typeof findMessage>): Promise<ReplyOf<typeof findMessage>> {
    const message = await this.database.read((manager) => this.messages.find(manager, account, userId, messageId));
    return message ? { outcome: 'done', message } : { outcome: 'refused', code: 'message-unknown' };
  }

  @OnRequest(deleteMessage)
  async delete(@Payload() { account, userId, messageId }: RequestOf<typeof deleteMessage>): Promise<ReplyOf<typeof deleteMessage>> {
    return this.database.transaction(async (manager) => {
      const message = await this.messages.find(manager, account, userId, messageId);
      if (!message) return { outcome: 'refused', code: 'message-unknown' };
      if (!message.final) return { outcome: 'refused', code: 'message-under-way' };
      await this.messages.hide(manager, messageId);
      return { outcome: 'done' };
    });
  }
}
