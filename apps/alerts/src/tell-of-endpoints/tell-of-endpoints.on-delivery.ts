import { delivery, type DeliveryEvent } from '@kwota/contracts/delivery.v1';
import { TransientFailure } from '@kwota/messaging/failures';
import { OnMessages, type Received } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { TellOfEndpointsHandler, type EndpointFact } from './tell-of-endpoints.handler.js';

const endpointTypes: ReadonlySet<string | undefined> = new Set(['kwota.delivery.callback-endpoint-failing.v1', 'kwota.delivery.callback-switched-off.v1']);

/** Nearly all delivery events are of messages: they are skipped by their type, as facts of no interest, without being parsed. */
const endpoints = {
  ...delivery,
  read: (value: string, ceType: string | undefined) => (endpointTypes.has(ceType) ? delivery.read(value, ceType) : { unknownType: ceType ?? 'none' }),
};

@Controller()
export class TellOfEndpointsOnDelivery {
  constructor(private readonly endpoints: TellOfEndpointsHandler) {}

  /** @throws TransientFailure when the store is out of reach: the facts come again. */
  @OnMessages(endpoints)
  async handle(@Payload() batch: readonly Received<DeliveryEvent>[]): Promise<void> {
    const facts = batch.flatMap(({ message: fact, incoming }): EndpointFact[] =>
      fact.type === 'MessageStateChanged' ? [] : [{ id: incoming.headers['ce_id'] ?? '', fact }],
    );
    await this.endpoints.record(facts).catch((error: Error) => {
      throw new TransientFailure('store', error.name, { cause: error });
    });
  }
}
