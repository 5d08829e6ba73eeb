import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Logger } from '@kwota/service-kit/logger';
import { IncomingPublisher } from '../receive-incoming/incoming.publisher.js';
import { JoinIncomingHandler } from './join-incoming.handler.js';

const lookIntervalMs = 30_000;

/** What came of messages whose other parts never do goes on to dlr. */
export class GiveUpPartsWorker {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly joining: JoinIncomingHandler,
    private readonly publisher: IncomingPublisher,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      this.running ??= this.look(Date.now())
        .catch((error: Error) => this.log.error({ err: { type: error.name } }, 'parts of messages from phones could not be looked through; trying again'))
        .finally(() => (this.running = undefined));
    }, lookIntervalMs);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  async look(nowMs: number): Promise<void> {
    while (!this.stopped && (await this.database.read((manager) => this.joining.hasToGiveUp(manager, nowMs))))
      await this.publisher.publish((manager) => this.joining.giveUp(manager, nowMs));
  }
}
