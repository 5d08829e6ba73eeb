import { findCallbacks, setCallbacks } from '@kwota/contracts/dlr.requests.v1';
import type { ReplyOf, RequestOf } from '../requests.js';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { AddressGuard } from '../send-callbacks/address-guard.js';
import { CallbackSettingsRepository } from './callback-settings.repository.js';

@Controller()
export class SetCallbacksOnRequest {
  constructor(
    private readonly settings: CallbackSettingsRepository,
    private readonly guard: AddressGuard,
  ) {}

  @OnRequest(setCallbacks)
  async set(@Payload() request: RequestOf<typeof setCallbacks>): Promise<ReplyOf<typeof setCallbacks>> {
    const { account, userId, dryRun = false } = request;
    const given = { callBack: request.callBack === '' ? null : request.callBack, stopCallBack: request.stopCallBack === '' ? null : request.stopCallBack };
    for (const field of ['callBack', 'stopCallBack'] as const) {
      const url = given[field];
      const code = url == null ? undefined : this.guard.refusalOf(url);
      if (code) return { outcome: 'refused', code, field };
    }
    if (dryRun) return { outcome: 'done' };
    await this.settings.change({ account, userId }, given);
    return { outcome: 'done' };
  }

  @OnRequest(findCallbacks)
  async find(@Payload() { account }: RequestOf<typeof findCallbacks>): Promise<ReplyOf<typeof findCallbacks>> {
    return { outcome: 'done', callbacks: this.settings.ofAccount(account) };
  }
}
