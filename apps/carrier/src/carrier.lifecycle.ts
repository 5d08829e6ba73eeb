import { ServiceDatabase } from '@kwota/service-kit/database';
import { InstanceClaims } from '@kwota/service-kit/instance-claims';
import { Outbox } from '@kwota/service-kit/outbox';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { SmscConnection } from './connect-smsc/smsc.connection.js';
import { ExpirePartsWorker } from './expire-parts/expire-parts.worker.js';
import { ReceiveReceiptsOnDeliverSm } from './receive-receipts/receive-receipts.on-deliver-sm.js';
import { PartNewsRecorder } from './record-news/part-news.recorder.js';
import { SubmitPartsWorker } from './submit-parts/submit-parts.worker.js';

/** What runs beside the messages, in the order in which each needs the one before; it stops the other way round. */
@Injectable()
export class CarrierLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly claims: InstanceClaims,
    private readonly outbox: Outbox,
    private readonly recorder: PartNewsRecorder,
    private readonly submitter: SubmitPartsWorker,
    private readonly receiver: ReceiveReceiptsOnDeliverSm,
    private readonly connection: SmscConnection,
    private readonly expirer: ExpirePartsWorker,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.outbox.relay();
    await this.recorder.start({
      onSettled: (parts) => this.submitter.settle(parts),
      onRequeued: () => this.submitter.wake(),
      onWritten: () => this.submitter.goOn(),
    });
    await this.submitter.start();
    this.connection.start({
      onBound: () => this.submitter.wake(),
      onDeliverSm: (pdu, answer) => this.receiver.receive(pdu, answer),
    });
    this.expirer.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.expirer.stop();
    await this.submitter.stop();
    await this.connection.stop();
    await this.recorder.close();
    // After it: what is still claimed got no answer, and another carrier may send it at once.
    await this.claims.close();
    await this.outbox.close();
    await this.database.close();
  }
}
