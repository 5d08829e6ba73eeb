import { ServiceDatabase } from '@kwota/service-kit/database';
import { InstanceClaims } from '@kwota/service-kit/instance-claims';
import { Outbox } from '@kwota/service-kit/outbox';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { AnswerIncomingWorker } from './answer-incoming/answer-incoming.worker.js';
import { CleanHistoryWorker } from './clean-history/clean-history.worker.js';
import { EndSilentMessagesWorker } from './end-silent-messages/end-silent-messages.worker.js';
import { CallbackSender } from './send-callbacks/callback.sender.js';
import { WatchEndpointsWorker } from './watch-endpoints/watch-endpoints.worker.js';

/** What runs beside the messages; the database closes last. */
@Injectable()
export class DlrLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly claims: InstanceClaims,
    private readonly outbox: Outbox,
    private readonly sender: CallbackSender,
    private readonly watcher: WatchEndpointsWorker,
    private readonly silence: EndSilentMessagesWorker,
    private readonly history: CleanHistoryWorker,
    private readonly answers: AnswerIncomingWorker,
    private readonly requests: RequestClient,
  ) {}

  onApplicationBootstrap(): void {
    this.outbox.relay();
    this.sender.start();
    this.watcher.start();
    this.silence.start();
    this.history.start();
    this.answers.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.answers.stop();
    await this.requests.close();
    await this.history.stop();
    await this.silence.stop();
    await this.watcher.stop();
    await this.sender.stop();
    // After it: what is still taken was not delivered, and another dlr may send it at once.
    await this.claims.close();
    await this.outbox.close();
    await this.database.close();
  }
}
