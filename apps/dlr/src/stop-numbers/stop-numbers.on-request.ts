import { findStops, removeStop } from '@kwota/contracts/phones.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Outbox } from '@kwota/service-kit/outbox';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { ReplyOf, RequestOf } from '../requests.js';
import { StopNumbersRepository } from './stop-numbers.repository.js';

@Controller()
export class StopNumbersOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly numbers: StopNumbersRepository,
    private readonly outbox: Outbox,
  ) {}

  @OnRequest(findStops)
  async find(@Payload() { account, number }: RequestOf<typeof findStops>): Promise<ReplyOf<typeof findStops>> {
    return { outcome: 'done', stops: await this.database.read((manager) => this.numbers.find(manager, account, number)) };
  }

  @OnRequest(removeStop)
  async remove(@Payload() { account, number }: RequestOf<typeof removeStop>): Promise<ReplyOf<typeof removeStop>> {
    const removed = await this.database.transaction((manager) => this.numbers.remove(manager, account, number));
    this.outbox.relay();
    return removed ? { outcome: 'done' } : { outcome: 'refused', code: 'number-unknown' };
  }
}
