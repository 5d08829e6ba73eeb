import { receiveTransfer, transferCredits } from '@kwota/contracts/ledger.requests.v1';
import type { IncomingMessage } from '@kwota/messaging';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { ChangeCreditHandler } from '../change-credit/change-credit.handler.js';

type Transfer = { account: string; toAccount: string; transferId: string; amountMilliCredits: number };
type Receipt = { account: string; fromAccount: string; transferId: string; amountMilliCredits: number };

@Controller()
export class TransferCreditsOnRequest {
  constructor(private readonly change: ChangeCreditHandler) {}

  @OnRequest(transferCredits)
  transfer(@Payload() { account, ...transfer }: Transfer, @Ctx() incoming: IncomingMessage) {
    return this.change.handle(account, { type: 'TransferCredits', ...transfer }, incoming);
  }

  @OnRequest(receiveTransfer)
  receive(@Payload() { account, ...transfer }: Receipt, @Ctx() incoming: IncomingMessage) {
    return this.change.handle(account, { type: 'ReceiveTransfer', ...transfer }, incoming);
  }
}
