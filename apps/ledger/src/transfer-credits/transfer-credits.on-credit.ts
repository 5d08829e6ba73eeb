import { credit, type CreditFact } from '@kwota/contracts/credit.v1';
import type { ReadableContract } from '@kwota/messaging/read-message';
import { OnMessages, type Received } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { CreditAccountsRepository } from '../credit-accounts/credit-accounts.repository.js';
import { LedgerWriter } from '../credit-accounts/ledger-writer.js';
import { causeOf } from '../hold-credits/hold-credits.handler.js';

type TransferredOut = Extract<CreditFact, { type: 'CreditsTransferredOut' }>;

const transferredOut = 'kwota.credit.credits-transferred-out.v1';
/** Of all its own facts the ledger needs the transfers alone: the others are not even parsed. */
const transfers: ReadableContract<CreditFact> = {
  ...credit,
  read: (value, ceType) => (ceType === transferredOut ? credit.read(value, ceType) : { unknownType: ceType ?? 'none' }),
};

/** The other end of a transfer: the receiving account takes it in; if it may not, the credits return under the same transfer id. */
@Controller()
export class TransferCreditsOnCredit {
  constructor(
    private readonly accounts: CreditAccountsRepository,
    private readonly writer: LedgerWriter,
  ) {}

  @OnMessages(transfers)
  async handle(@Payload() batch: readonly Received<CreditFact>[]): Promise<void> {
    const received = batch.filter((fact): fact is Received<TransferredOut> => fact.message.type === 'CreditsTransferredOut');
    // All at first: between the decisions and the wait for their append nothing else may wait.
    await this.accounts.ensureLoaded(new Set(received.flatMap(({ message }) => [message.account, message.toAccount])));
    for (const { message, incoming } of received) {
      const { account, toAccount, transferId, amountMilliCredits } = message;
      const cause = causeOf(incoming);
      const taken = this.writer.decide(toAccount, { type: 'ReceiveTransfer', transferId, fromAccount: account, amountMilliCredits }, cause);
      if (taken.refusal) this.writer.decide(account, { type: 'ReturnTransfer', transferId }, cause);
    }
    await this.writer.flushed();
  }
}
