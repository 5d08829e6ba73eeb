import { incoming, type MessageFromPhone } from '@kwota/contracts/incoming.v1';
import { TransientFailure } from '@kwota/messaging/failures';
import { OnMessages, type Received } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { TakeIncomingHandler } from './take-incoming.handler.js';

@Controller()
export class TakeIncomingOnIncoming {
  constructor(private readonly incoming: TakeIncomingHandler) {}

  /** @throws TransientFailure when the store is out of reach: the messages come again. */
  @OnMessages(incoming)
  async take(@Payload() batch: readonly Received<MessageFromPhone>[]): Promise<void> {
    await this.incoming.take(batch.map(({ message }) => message)).catch((error: Error) => {
      throw new TransientFailure('store', error.name, { cause: error });
    });
  }
}
