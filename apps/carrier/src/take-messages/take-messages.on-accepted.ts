import { accepted, type Accepted } from '@kwota/contracts/accepted.v1';
import { OnMessages, PassErrorsOn, type Received } from '@kwota/service-kit/messaging-strategy';
import { Controller, UseFilters } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { TakeMessagesHandler } from './take-messages.handler.js';

/** Messaging must see what an error was: poison, or a store out of reach. */
@UseFilters(new PassErrorsOn())
@Controller()
export class TakeMessagesOnAccepted {
  constructor(private readonly messages: TakeMessagesHandler) {}

  @OnMessages(accepted)
  async take(@Payload() batch: readonly Received<Accepted>[]): Promise<void> {
    await this.messages.take(batch.map(({ message }) => message));
  }
}
