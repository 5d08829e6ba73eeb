import { accepted, type Accepted } from '@kwota/contracts/accepted.v1';
import { OnMessages, type Received } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { TakeMessagesHandler } from './take-messages.handler.js';

@Controller()
export class TakeMessagesOnAccepted {
  constructor(private readonly messages: TakeMessagesHandler) {}

  @OnMessages(accepted)
  async take(@Payload() batch: readonly Received<Accepted>[]): Promise<void> {
    await this.messages.take(batch.map(({ message }) => message));
  }
}
