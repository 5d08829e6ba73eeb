import { credit, type CreditFact } from '@kwota/contracts/credit.v1';
import { OnMessages, type Received } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { CreditAccountsRepository } from '../credit-accounts/credit-accounts.repository.js';
import { LedgerWriter } from '../credit-accounts/ledger-writer.js';
import { causeOf } from '../hold-credits/hold-credits.handler.js';

/** The other end of a transfer: the receiving account takes it in; if it may not, the credits return under the same transfer id. */
@Controller()
export class TransferCreditsOnCredit {
  constructor(
    private readonly accounts: CreditAccountsRepository,
    private readonly writer: LedgerWriter,
  ) {}

  @OnMessages(credit)
  async handle(@Payload() batch: readonly Received<CreditFact>[]): Promise<void> {
    for (const { message, incoming } of batch) {
      if (message.type !== 'CreditsTransferredOut') continue;
      const { account, toAccount, transferId, amountMilliCredits } = message;
      await this.accounts.ensureLoaded([account, toAccount]);
      const cause = causeOf(incoming);
      const taken = this.writer.decide(toAccount, { type: 'ReceiveTransfer', transferId, fromAccount: account, amountMilliCredits }, cause);
      if (taken.refusal) this.writer.decide(account, { type: 'ReturnTransfer', transferId }, cause);
    }
    await this.writer.flushed();
  }
}
