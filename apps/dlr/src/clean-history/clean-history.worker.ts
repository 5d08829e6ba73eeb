import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Logger } from '@kwota/service-kit/logger';
import { MessagesRepository } from '../messages.repository.js';

const intervalMs = 60 * 60 * 1_000;
const dayMs = 24 * 60 * 60 * 1_000;
/** OVH.md 1.3: six months. */
export const historyKeptMs = 183 * dayMs;
/** As long as topics are kept: after it no message can come for a receipt. */
const earlyReceiptsKeptMs = 14 * dayMs;
/** In one transaction, so that nobody waits for long. */
const rowsMax = 500;

export class CleanHistoryWorker {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly messages: MessagesRepository,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      this.running ??= this.clean(Date.now())
        .catch((error: Error) => this.log.error({ err: { type: error.name } }, 'the history could not be cleaned; trying again'))
        .finally(() => (this.running = undefined));
    }, intervalMs);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  async clean(nowMs: number): Promise<void> {
    await this.database.transaction((manager) => this.messages.forgetEarly(manager, nowMs - earlyReceiptsKeptMs));
    for (let forgotten = rowsMax; forgotten === rowsMax && !this.stopped; )
      forgotten = await this.database.transaction((manager) => this.messages.forget(manager, nowMs - historyKeptMs, rowsMax));
  }
}
