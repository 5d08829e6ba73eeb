import { Messaging } from '@kwota/messaging';
import type { Logger } from '@kwota/service-kit/logger';
import { Rounds } from '@kwota/service-kit/rounds';
import { OwnPartitions } from '../own-partitions.js';
import { TrackMessagesHandler } from '../track-messages/track-messages.handler.js';
import { ReceiptsRead } from './receipts-read.js';

const lookIntervalMs = 5_000;
/** The carrier says itself what it did not submit in time, and the last receipt may be on its way: a minute for both. */
export const graceMs = 60_000;
const rowsMax = 500;

/** The final for silence: dlr alone makes it, after the validity, and only when receipts are read to the end (DESIGN §3.5). */
export class EndSilentMessagesWorker {
  private readonly rounds: Rounds;

  constructor(
    private readonly messages: TrackMessagesHandler,
    private readonly own: OwnPartitions,
    private readonly receiptsRead: ReceiptsRead,
    private readonly messaging: Messaging,
    log: Logger,
  ) {
    this.rounds = new Rounds(log, 'silent messages could not be ended');
  }

  start(): void {
    this.rounds.every(lookIntervalMs, () => this.look(Date.now()));
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  /** Ends what is overdue at that time; nothing while receipts may be unread. Of several instances each reads its own accounts' receipts. */
  async look(nowMs: number): Promise<void> {
    if (!this.receiptsRead.toTheEnd(nowMs) || !this.messaging.health().ready) return;
    for (let page = await this.messages.findOverdue(nowMs - graceMs, undefined, rowsMax); page.length > 0 && !this.rounds.isStopped; ) {
      await this.messages.endSilent(page.filter(({ account }) => this.own.owns(account)).map(({ messageId }) => messageId), nowMs);
      if (page.length < rowsMax) return;
      page = await this.messages.findOverdue(nowMs - graceMs, page.at(-1), rowsMax);
    }
  }
}
