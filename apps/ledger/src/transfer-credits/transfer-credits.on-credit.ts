import { credit, type CreditFact } from '@kwota/contracts/credit.v1';
import { receiveTransfer } from '@kwota/contracts/ledger.requests.v1';
import { TransientFailure } from '@kwota/messaging/failures';
import type { ReadableContract } from '@kwota/messaging/read-message';
import { OnMessages, type Received } from '@kwota/service-kit/messaging-strategy';
import { RequestClient, ServiceUnavailable } from '@kwota/service-kit/request-client';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { CreditAccountsRepository } from '../credit-accounts/credit-accounts.repository.js';
import { LedgerWriter } from '../credit-accounts/ledger-writer.js';
import { causeOf } from '../hold-credits/hold-credits.handler.js';

const transferredOut = 'kwota.credit.credits-transferred-out.v1';
/** Of all its own facts the ledger needs the transfers alone: the others are not even parsed. */
const transfers: ReadableContract<CreditFact> = {
  ...credit,
  read: (value, ceType) => (ceType === transferredOut ? credit.read(value, ceType) : { unknownType: ceType ?? 'none' }),
};

/**
 * The second step of a transfer: the receiving account, which may be another ledger's to decide on, is asked to take it in; if it may not,
 * the credits return under the same transfer id. Asking again asks for the same: the transfer id makes it happen once.
 */
@Controller()
export class TransferCreditsOnCredit {
  constructor(
    private readonly accounts: CreditAccountsRepository,
    private readonly writer: LedgerWriter,
    private readonly requests: RequestClient,
  ) {}

  @OnMessages(transfers)
  async handle(@Payload() batch: readonly Received<CreditFact>[]): Promise<void> {
    for (const { message, incoming } of batch) {
      if (message.type !== 'CreditsTransferredOut') continue;
      const { account, toAccount, transferId, amountMilliCredits } = message;
      const taken = await this.offer({ account: toAccount, fromAccount: account, transferId, amountMilliCredits });
      if (taken.outcome === 'done') continue;
      await this.accounts.ensureLoaded([account]);
      this.writer.decide(account, { type: 'ReturnTransfer', transferId }, causeOf(incoming));
      await this.writer.flushed();
    }
  }

  private offer(transfer: { account: string; fromAccount: string; transferId: string; amountMilliCredits: number }) {
    return this.requests.ask(receiveTransfer, transfer, { id: `receive-${transfer.fromAccount}-${transfer.transferId}` }).catch((error: unknown) => {
      throw error instanceof ServiceUnavailable ? new TransientFailure('transfer', error.message, { cause: error }) : error;
    });
  }
}
