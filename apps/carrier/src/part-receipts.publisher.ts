import { receipts, type PartReceipt } from '@kwota/contracts/receipts.v1';
import type { DeliveryOutcome } from '@kwota/delivery-codes';
import { Outbox } from '@kwota/service-kit/outbox';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { PartAddress } from './parts.repository.js';

/** News of one part, before it is put in the words of kwota.receipts.v1. */
export type PartReport = Readonly<{
  part: PartAddress;
  stage: PartReceipt['stage'];
  outcome: DeliveryOutcome;
  atMs: number;
  raw: PartReceipt['raw'];
}>;

/** Puts news in the outbox, in the transaction that changes the part. */
@Injectable()
export class PartReceiptsPublisher {
  constructor(private readonly outbox: Outbox) {}

  async report(manager: EntityManager, reports: readonly PartReport[]): Promise<void> {
    const messages = reports.map(({ part: { messageId, part, parts, account }, stage, outcome, atMs, raw }) => {
      const { ptt, dlr, final, recognised } = outcome;
      const message = { kind: 'part', account, messageId, part, parts, stage, ptt, dlr, final, recognised, atMs, raw } as const;
      return receipts.message(message, { id: `${messageId}.${part}.${stage}.${ptt}`, source: 'kwota/carrier' });
    });
    await this.outbox.add(manager, messages);
  }

  /** After the commit. */
  relay(): void {
    this.outbox.relay();
  }
}
