import { stopListOutcome } from '@kwota/delivery-codes';
import { TransientFailure } from '@kwota/messaging/failures';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { StopList } from '@kwota/service-kit/stop-list';
import { Injectable } from '@nestjs/common';
import { PartReceiptsPublisher, type PartReport } from '../part-receipts.publisher.js';
import type { RoutedPartAddress } from '../parts.repository.js';
import { StoppedPartsRepository } from './stopped-parts.repository.js';

/** What was accepted before its receiver said STOP and is not sent yet ends with DLR 16 (OVH.md 9). */
@Injectable()
export class StopPartsHandler {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly parts: StoppedPartsRepository,
    private readonly receipts: PartReceiptsPublisher,
    private readonly list: StopList,
  ) {}

  /** @throws TransientFailure */
  async stop(accounts: readonly string[]): Promise<void> {
    if (accounts.length === 0) return;
    try {
      await this.database.transaction(async (manager) => {
        for (const account of accounts) {
          const waiting = await this.parts.waitingOf(manager, account);
          const stopped = await this.parts.end(manager, waiting.filter(({ receiver }) => this.list.has(account, receiver)));
          await this.receipts.report(manager, stopped.map(stoppedReport));
        }
      });
    } catch (error) {
      throw new TransientFailure('store', (error as Error).name, { cause: error });
    }
    this.receipts.relay();
  }
}

export const stoppedReport = ({ connector, ...part }: RoutedPartAddress): PartReport => ({
  part,
  stage: 'refused',
  outcome: stopListOutcome,
  atMs: Date.now(),
  raw: { connector },
});
