import { findSmsResponse, setSmsResponse } from '@kwota/contracts/phones.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { ReplyOf, RequestOf } from '../requests.js';
import { AddressGuard } from '../send-callbacks/address-guard.js';
import { SmsResponsesRepository } from './sms-responses.repository.js';

@Controller()
export class SmsResponsesOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly responses: SmsResponsesRepository,
    private readonly guard: AddressGuard,
  ) {}

  @OnRequest(findSmsResponse)
  async find(@Payload() { account }: RequestOf<typeof findSmsResponse>): Promise<ReplyOf<typeof findSmsResponse>> {
    return { outcome: 'done', ...(await this.database.read((manager) => this.responses.of(manager, account))) };
  }

  @OnRequest(setSmsResponse)
  async set(@Payload() { account, responseType, text = '', cgiUrl = '', dryRun = false }: RequestOf<typeof setSmsResponse>): Promise<ReplyOf<typeof setSmsResponse>> {
    if (responseType === 'text' && text.trim() === '') return { outcome: 'refused', code: 'text-missing' };
    const refused = responseType === 'cgi' || cgiUrl !== '' ? this.guard.refusalOf(cgiUrl) : undefined;
    if (refused) return { outcome: 'refused', code: refused };
    if (!dryRun) await this.database.transaction((manager) => this.responses.set(manager, account, { responseType, text: text || null, cgiUrl: cgiUrl || null }));
    return { outcome: 'done' };
  }
}
