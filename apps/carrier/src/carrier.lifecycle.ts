import { ServiceDatabase } from '@kwota/service-kit/database';
import { InstanceClaims } from '@kwota/service-kit/instance-claims';
import { Outbox } from '@kwota/service-kit/outbox';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Connectors } from './connectors/connectors.js';
import { ExpirePartsWorker } from './expire-parts/expire-parts.worker.js';
import { GiveUpPartsWorker } from './join-incoming/give-up-parts.worker.js';
import { QueryPartsWorker } from './query-parts/query-parts.worker.js';
import { PartNewsRecorder } from './record-news/part-news.recorder.js';
import { ReroutePartsWorker } from './route-parts/reroute-parts.worker.js';
import { WatchConnectorsWorker } from './tell-operators/watch-connectors.worker.js';

/** What runs beside the messages, in the order in which each needs the one before; it stops the other way round. */
@Injectable()
export class CarrierLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly claims: InstanceClaims,
    private readonly outbox: Outbox,
    private readonly recorder: PartNewsRecorder,
    private readonly connectors: Connectors,
    private readonly rerouter: ReroutePartsWorker,
    private readonly querier: QueryPartsWorker,
    private readonly expirer: ExpirePartsWorker,
    private readonly watcher: WatchConnectorsWorker,
    private readonly partsGivenUp: GiveUpPartsWorker,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.outbox.relay();
    await this.recorder.start({
      onSettled: (parts) => this.connectors.settle(parts),
      onRequeued: () => this.connectors.wake(),
      onWritten: () => this.connectors.goOn(),
      queryAfterMsOf: (connector) => (this.connectors.of(connector)?.settings.queryAfterSeconds ?? 0) * 1_000,
      profileOf: (connector) => this.connectors.of(connector)?.settings.profile ?? 'generic',
    });
    await this.connectors.start();
    this.rerouter.start();
    this.querier.start();
    this.expirer.start();
    this.watcher.start();
    this.partsGivenUp.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.partsGivenUp.stop();
    await this.watcher.stop();
    await this.expirer.stop();
    await this.querier.stop();
    await this.rerouter.stop();
    await this.connectors.stop();
    await this.recorder.close();
    // After it: what is still claimed got no answer, and another carrier may send it at once.
    await this.claims.close();
    await this.outbox.close();
    await this.database.close();
  }
}
