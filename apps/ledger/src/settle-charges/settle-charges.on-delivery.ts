import { delivery, type DeliveryEvent } from '@kwota/contracts/delivery.v1';
import { OnMessages, type Received } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { CreditAccountsRepository } from '../credit-accounts/credit-accounts.repository.js';
import { LedgerWriter } from '../credit-accounts/ledger-writer.js';
import { causeOf } from '../hold-credits/hold-credits.handler.js';

/** A final state captures what is billable of a message's hold and releases the rest; a real one after a silent one corrects it. */
@Controller()
export class SettleChargesOnDelivery {
  constructor(
    private readonly accounts: CreditAccountsRepository,
    private readonly writer: LedgerWriter,
  ) {}

  @OnMessages(delivery)
  async handle(@Payload() batch: readonly Received<DeliveryEvent>[]): Promise<void> {
    const finals = batch.flatMap(({ message, incoming }) => (message.type === 'MessageStateChanged' && message.final ? [{ message, incoming }] : []));
    await this.accounts.ensureLoaded(new Set(finals.map(({ message }) => message.account)));
    for (const { message, incoming } of finals) {
      const { account, messageId, parts, silent, submitted } = message;
      this.writer.decide(account, { type: 'SettleCharge', messageId, parts, silent, submitted }, causeOf(incoming));
    }
    await this.writer.flushed();
  }
}
