import { cancelMessage } from '@kwota/contracts/carrier.requests.v1';
import { withdrawnOutcome } from '@kwota/delivery-codes';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { PartReceiptsPublisher } from '../part-receipts.publisher.js';
import { PartsRepository } from '../parts.repository.js';
import type { ReplyOf, RequestOf } from '../requests.js';

/** Who asks gives a message up before it is sent: the ledger releases what it held when dlr reads the reports. */
@Controller()
export class CancelMessagesOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly parts: PartsRepository,
    private readonly receipts: PartReceiptsPublisher,
  ) {}

  @OnRequest(cancelMessage)
  async cancel(@Payload() { account, messageId }: RequestOf<typeof cancelMessage>): Promise<ReplyOf<typeof cancelMessage>> {
    const code = await this.database.transaction(async (manager) => {
      const waiting = await this.parts.areAllWaiting(manager, account, messageId);
      if (waiting === undefined) return 'message-unknown';
      if (!waiting) return 'message-sent';
      const parts = await this.parts.withdraw(manager, [messageId]);
      const atMs = Date.now();
      await this.receipts.report(manager, parts.map(({ connector, ...part }) => ({ part, stage: 'withdrawn', outcome: withdrawnOutcome, atMs, raw: { connector } })));
      return undefined;
    });
    if (code) return { outcome: 'refused', code };
    this.receipts.relay();
    return { outcome: 'done' };
  }
}
