import { findCallbackDelivery, setCallbackDelivery } from '@kwota/contracts/dlr.requests.v1';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { ReplyOf, RequestOf } from '../requests.js';
import { CallbackDeliveryRepository } from './callback-delivery.repository.js';

@Controller()
export class SetCallbackDeliveryOnRequest {
  constructor(private readonly deliveries: CallbackDeliveryRepository) {}

  @OnRequest(setCallbackDelivery)
  async set(@Payload() { account, userId, format, sealedSecret }: RequestOf<typeof setCallbackDelivery>): Promise<ReplyOf<typeof setCallbackDelivery>> {
    const scope = { account, userId };
    if (typeof sealedSecret === 'string' && !this.deliveries.isSecret(scope, sealedSecret)) return { outcome: 'refused', code: 'secret-not-valid' };
    await this.deliveries.change(scope, { format, sealedSecret }, Date.now());
    return { outcome: 'done' };
  }

  @OnRequest(findCallbackDelivery)
  async find(@Payload() { account }: RequestOf<typeof findCallbackDelivery>): Promise<ReplyOf<typeof findCallbackDelivery>> {
    return { outcome: 'done', deliveries: await this.deliveries.ofAccount(account, Date.now()) };
  }
}
