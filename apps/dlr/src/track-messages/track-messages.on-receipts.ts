import { receipts, type Receipt } from '@kwota/contracts/receipts.v1';
import { OnMessages, type Received } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ReceiptsRead } from '../end-silent-messages/receipts-read.js';
import { TrackMessagesHandler } from './track-messages.handler.js';

@Controller()
export class TrackMessagesOnReceipts {
  constructor(
    private readonly messages: TrackMessagesHandler,
    private readonly read: ReceiptsRead,
  ) {}

  @OnMessages(receipts)
  async take(@Payload() batch: readonly Received<Receipt>[]): Promise<void> {
    const last = batch.at(-1)?.incoming;
    if (!last) return;
    this.read.began(last.partition);
    await this.messages.take({ receipts: batch.map(({ message }) => message) });
    this.read.ended(last, Date.now());
  }
}
