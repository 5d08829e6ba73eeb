import { deleteIncomingMessage, exportIncomingMessages, findIncomingMessage, findIncomingMessages } from '@kwota/contracts/phones.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { ReplyOf, RequestOf } from '../requests.js';
import { IncomingRepository } from './incoming.repository.js';

@Controller()
export class FindIncomingOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly incoming: IncomingRepository,
  ) {}

  @OnRequest(findIncomingMessages)
  async findIds(@Payload() filter: RequestOf<typeof findIncomingMessages>): Promise<ReplyOf<typeof findIncomingMessages>> {
    return { outcome: 'done', ids: await this.database.read((manager) => this.incoming.findIds(manager, filter)) };
  }

  @OnRequest(exportIncomingMessages)
  async export(@Payload() { afterId, limit, ...filter }: RequestOf<typeof exportIncomingMessages>): Promise<ReplyOf<typeof exportIncomingMessages>> {
    return { outcome: 'done', messages: await this.database.read((manager) => this.incoming.page(manager, filter, afterId, limit)) };
  }

  @OnRequest(findIncomingMessage)
  async find(@Payload() { account, userId, id }: RequestOf<typeof findIncomingMessage>): Promise<ReplyOf<typeof findIncomingMessage>> {
    const message = await this.database.read((manager) => this.incoming.find(manager, account, userId, id));
    return message ? { outcome: 'done', message } : { outcome: 'refused', code: 'message-unknown' };
  }

  @OnRequest(deleteIncomingMessage)
  async delete(@Payload() { account, userId, id }: RequestOf<typeof deleteIncomingMessage>): Promise<ReplyOf<typeof deleteIncomingMessage>> {
    return this.database.transaction(async (manager) => {
      if (!(await this.incoming.find(manager, account, userId, id))) return { outcome: 'refused', code: 'message-unknown' };
      await this.incoming.delete(manager, id);
      return { outcome: 'done' };
    });
  }
}
