import { ServiceDatabase } from '@kwota/service-kit/database';
import { InstanceClaims } from '@kwota/service-kit/instance-claims';
import { Outbox, outboxEntity } from '@kwota/service-kit/outbox';
import { StopList } from '@kwota/service-kit/stop-list';
import type { ServiceRuntime } from '@kwota/service-kit/runtime';
import { Module, type DynamicModule } from '@nestjs/common';
import type { CarrierConfig } from './carrier.config.js';
import { CarrierLifecycle } from './carrier.lifecycle.js';
import { migrations } from './carrier.migrations.js';
import { CancelMessagesOnRequest } from './cancel-messages/cancel-messages.on-request.js';
import { Connectors } from './connectors/connectors.js';
import { ConnectorsRepository } from './connectors/connectors.repository.js';
import { ManageConnectorsOnRequest } from './connectors/manage-connectors.on-request.js';
import { GiveUpPartsWorker } from './join-incoming/give-up-parts.worker.js';
import { JoinIncomingHandler } from './join-incoming/join-incoming.handler.js';
import { JoinedMessagesRepository } from './join-incoming/joined-messages.repository.js';
import { QuietHoursClock } from './hold-quiet-hours/quiet-hours.clock.js';
import { ExpirePartsWorker } from './expire-parts/expire-parts.worker.js';
import { ObeyStopsOnStops } from './obey-stops/obey-stops.on-stops.js';
import { StopPartsHandler } from './obey-stops/stop-parts.handler.js';
import { StoppedPartsRepository } from './obey-stops/stopped-parts.repository.js';
import { PartReceiptsPublisher } from './part-receipts.publisher.js';
import { PartsRepository } from './parts.repository.js';
import { IncomingPublisher } from './receive-incoming/incoming.publisher.js';
import { ReceiveIncomingOnDeliverSm } from './receive-incoming/receive-incoming.on-deliver-sm.js';
import { ReceiveReceiptsOnDeliverSm } from './receive-receipts/receive-receipts.on-deliver-sm.js';
import { QueriesRepository } from './query-parts/queries.repository.js';
import { QueryPartsWorker } from './query-parts/query-parts.worker.js';
import { PartNewsRecorder } from './record-news/part-news.recorder.js';
import { ReroutePartsRepository } from './route-parts/reroute-parts.repository.js';
import { ReroutePartsWorker } from './route-parts/reroute-parts.worker.js';
import { ClaimPartsRepository } from './submit-parts/claim-parts.repository.js';
import { SubmittedPartsRepository } from './submitted-parts.repository.js';
import { OperationsPublisher } from './tell-operators/operations.publisher.js';
import { WatchConnectorsWorker } from './tell-operators/watch-connectors.worker.js';
import { TakeMessagesHandler } from './take-messages/take-messages.handler.js';
import { TakeMessagesOnAccepted } from './take-messages/take-messages.on-accepted.js';

@Module({})
export class CarrierModule {
  /** `config.smscUrl` is smpp:// here: whoever starts the simulator gives its URL. */
  static register(runtime: ServiceRuntime, config: CarrierConfig): DynamicModule {
    const { messaging, logger, metrics, sealing, stopDigest, databaseLocation: location } = runtime;
    const { smscUrl: url, windowSize, lostAnswer, profile, failOverAfterMs } = config;
    let connectors: Connectors | undefined;
    runtime.health.add('smsc', () => connectors?.health() ?? { ready: true, reasons: [], warnings: [] });
    return {
      module: CarrierModule,
      controllers: [TakeMessagesOnAccepted, CancelMessagesOnRequest, ManageConnectorsOnRequest, ObeyStopsOnStops],
      providers: [
        {
          provide: ServiceDatabase,
          useFactory: () => ServiceDatabase.open({ health: runtime.health, location, schema: 'carrier', entities: [outboxEntity], migrations }),
        },
        { provide: InstanceClaims, useFactory: (database: ServiceDatabase) => InstanceClaims.open(database, logger), inject: [ServiceDatabase] },
        { provide: Outbox, useFactory: (database: ServiceDatabase) => new Outbox(database, messaging, logger), inject: [ServiceDatabase] },
        PartsRepository,
        ClaimPartsRepository,
        SubmittedPartsRepository,
        ReroutePartsRepository,
        { provide: QuietHoursClock, useFactory: () => new QuietHoursClock(config.quietHours, config.timeZone) },
        QueriesRepository,
        { provide: ConnectorsRepository, useFactory: () => new ConnectorsRepository(sealing, { url, settings: { windowSize, lostAnswer, profile } }) },
        PartReceiptsPublisher,
        OperationsPublisher,
        {
          provide: PartNewsRecorder,
          useFactory: (database: ServiceDatabase, parts: PartsRepository, submitted: SubmittedPartsRepository, queries: QueriesRepository, receipts: PartReceiptsPublisher, operations: OperationsPublisher) =>
            new PartNewsRecorder(database, parts, submitted, queries, receipts, operations, logger, metrics),
          inject: [ServiceDatabase, PartsRepository, SubmittedPartsRepository, QueriesRepository, PartReceiptsPublisher, OperationsPublisher],
        },
        {
          provide: ReceiveReceiptsOnDeliverSm,
          useFactory: (recorder: PartNewsRecorder, joining: JoinIncomingHandler, publisher: IncomingPublisher) =>
            new ReceiveReceiptsOnDeliverSm(recorder, new ReceiveIncomingOnDeliverSm(joining, publisher, logger, metrics), logger, metrics),
          inject: [PartNewsRecorder, JoinIncomingHandler, IncomingPublisher],
        },
        { provide: IncomingPublisher, useFactory: (database: ServiceDatabase, outbox: Outbox) => new IncomingPublisher(database, outbox, metrics), inject: [ServiceDatabase, Outbox] },
        JoinedMessagesRepository,
        JoinIncomingHandler,
        {
          provide: GiveUpPartsWorker,
          useFactory: (database: ServiceDatabase, joining: JoinIncomingHandler, publisher: IncomingPublisher) => new GiveUpPartsWorker(database, joining, publisher, logger),
          inject: [ServiceDatabase, JoinIncomingHandler, IncomingPublisher],
        },
        { provide: StopList, useValue: new StopList(stopDigest) },
        StoppedPartsRepository,
        StopPartsHandler,
        {
          provide: Connectors,
          useFactory: (
            database: ServiceDatabase,
            claims: InstanceClaims,
            repository: ConnectorsRepository,
            parts: PartsRepository,
            queue: ClaimPartsRepository,
            recorder: PartNewsRecorder,
            receiver: ReceiveReceiptsOnDeliverSm,
            quietHours: QuietHoursClock,
          ) => (connectors = new Connectors(database, claims, repository, parts, queue, recorder, receiver, quietHours, { failOverAfterMs }, logger, metrics)),
          inject: [ServiceDatabase, InstanceClaims, ConnectorsRepository, PartsRepository, ClaimPartsRepository, PartNewsRecorder, ReceiveReceiptsOnDeliverSm, QuietHoursClock],
        },
        {
          provide: ReroutePartsWorker,
          useFactory: (database: ServiceDatabase, repository: ReroutePartsRepository, known: Connectors) => new ReroutePartsWorker(database, repository, known, logger),
          inject: [ServiceDatabase, ReroutePartsRepository, Connectors],
        },
        {
          provide: QueryPartsWorker,
          useFactory: (database: ServiceDatabase, queries: QueriesRepository, known: Connectors, recorder: PartNewsRecorder) =>
            new QueryPartsWorker(database, queries, known, recorder, logger),
          inject: [ServiceDatabase, QueriesRepository, Connectors, PartNewsRecorder],
        },
        {
          provide: ExpirePartsWorker,
          useFactory: (database: ServiceDatabase, parts: PartsRepository, submitted: SubmittedPartsRepository, receipts: PartReceiptsPublisher) =>
            new ExpirePartsWorker(database, parts, submitted, receipts, logger),
          inject: [ServiceDatabase, PartsRepository, SubmittedPartsRepository, PartReceiptsPublisher],
        },
        {
          provide: WatchConnectorsWorker,
          useFactory: (database: ServiceDatabase, known: Connectors, operations: OperationsPublisher) => new WatchConnectorsWorker(database, known, operations, logger),
          inject: [ServiceDatabase, Connectors, OperationsPublisher],
        },
        TakeMessagesHandler,
        CarrierLifecycle,
      ],
    };
  }
}
