import { ServiceDatabase } from '@kwota/service-kit/database';
import type { Logger } from '@kwota/service-kit/logger';
import { Rounds } from '@kwota/service-kit/rounds';
import { IncomingPublisher } from '../receive-incoming/incoming.publisher.js';
import { JoinIncomingHandler } from './join-incoming.handler.js';

const lookIntervalMs = 30_000;

/** What came of messages whose other parts never do goes on to dlr. */
export class GiveUpPartsWorker {
  private readonly rounds: Rounds;

  constructor(
    private readonly database: ServiceDatabase,
    private readonly joining: JoinIncomingHandler,
    private readonly publisher: IncomingPublisher,
    log: Logger,
  ) {
    this.rounds = new Rounds(log, 'parts of messages from phones could not be looked through');
  }

  start(): void {
    this.rounds.every(lookIntervalMs, () => this.look(Date.now()));
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  async look(nowMs: number): Promise<void> {
    while (!this.rounds.isStopped && (await this.database.read((manager) => this.joining.hasToGiveUp(manager, nowMs))))
      await this.publisher.publish((manager) => this.joining.giveUp(manager, nowMs));
  }
}
