import { delivery, type DeliveryEvent } from '@kwota/contracts/delivery.v1';
import { TransientFailure } from '@kwota/messaging/failures';
import { OnMessages, type Received } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { RecordNoticesHandler, type CallbackNotice } from './record-notices.handler.js';

const types: ReadonlySet<string | undefined> = new Set(['kwota.delivery.callback-endpoint-failing.v1', 'kwota.delivery.callback-switched-off.v1']);

/** Of thousands of delivery events few are of callback URLs: the others are skipped by their type, without being parsed. */
const notices = {
  ...delivery,
  read: (value: string, ceType: string | undefined) => (types.has(ceType) ? delivery.read(value, ceType) : { unknownType: ceType ?? 'none' }),
};

@Controller()
export class RecordNoticesOnDelivery {
  constructor(private readonly notices: RecordNoticesHandler) {}

  /** @throws TransientFailure when the store is out of reach: they come again. */
  @OnMessages(notices)
  async handle(@Payload() batch: readonly Received<DeliveryEvent>[]): Promise<void> {
    const told = batch.map(({ message }) => message).filter((event): event is CallbackNotice => event.type !== 'MessageStateChanged');
    await this.notices.record(told).catch((error: Error) => {
      throw new TransientFailure('store', error.name, { cause: error });
    });
  }
}
