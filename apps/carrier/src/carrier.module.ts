import { ServiceDatabase } from '@kwota/service-kit/database';
import { InstanceClaims } from '@kwota/service-kit/instance-claims';
import { Outbox, outboxEntity } from '@kwota/service-kit/outbox';
import type { ServiceRuntime } from '@kwota/service-kit/runtime';
import { Module, type DynamicModule } from '@nestjs/common';
import type { CarrierConfig } from './carrier.config.js';
import { CarrierLifecycle } from './carrier.lifecycle.js';
import { CreateCarrierTables1795000000000, CreateInstanceEpochs1796000000000 } from './carrier.migrations.js';
import { SmscConnection } from './connect-smsc/smsc.connection.js';
import { ExpirePartsWorker } from './expire-parts/expire-parts.worker.js';
import { PartReceiptsPublisher } from './part-receipts.publisher.js';
import { PartsRepository } from './parts.repository.js';
import { ReceiveReceiptsOnDeliverSm } from './receive-receipts/receive-receipts.on-deliver-sm.js';
import { PartNewsRecorder } from './record-news/part-news.recorder.js';
import { SubmitPartsWorker } from './submit-parts/submit-parts.worker.js';
import { TakeMessagesHandler } from './take-messages/take-messages.handler.js';
import { TakeMessagesOnAccepted } from './take-messages/take-messages.on-accepted.js';

const migrations = [CreateCarrierTables1795000000000, CreateInstanceEpochs1796000000000];

@Module({})
export class CarrierModule {
  /** `config.smscUrl` is smpp:// here: whoever starts the simulator gives its URL. */
  static register(runtime: ServiceRuntime, config: CarrierConfig): DynamicModule {
    const { messaging, logger, metrics, databaseLocation: location } = runtime;
    const connection = new SmscConnection(config.smscUrl, logger);
    runtime.health.add('smsc', () => connection.health());
    metrics.gauge('kwota_carrier_smsc_bound', '1 while the SMSC is bound', () => (connection.isBound ? 1 : 0));
    return {
      module: CarrierModule,
      controllers: [TakeMessagesOnAccepted],
      providers: [
        {
          provide: ServiceDatabase,
          useFactory: () => ServiceDatabase.open({ location, schema: 'carrier', entities: [outboxEntity], migrations }),
        },
        { provide: InstanceClaims, useFactory: (database: ServiceDatabase) => InstanceClaims.open(database, logger), inject: [ServiceDatabase] },
        { provide: Outbox, useFactory: (database: ServiceDatabase) => new Outbox(database, messaging, logger), inject: [ServiceDatabase] },
        { provide: SmscConnection, useValue: connection },
        PartsRepository,
        PartReceiptsPublisher,
        {
          provide: PartNewsRecorder,
          useFactory: (database: ServiceDatabase, parts: PartsRepository, receipts: PartReceiptsPublisher) =>
            new PartNewsRecorder(database, parts, receipts, config.profile, logger, metrics),
          inject: [ServiceDatabase, PartsRepository, PartReceiptsPublisher],
        },
        {
          provide: SubmitPartsWorker,
          useFactory: (database: ServiceDatabase, claims: InstanceClaims, parts: PartsRepository, recorder: PartNewsRecorder) =>
            new SubmitPartsWorker(database, claims, parts, connection, recorder, config, logger, metrics),
          inject: [ServiceDatabase, InstanceClaims, PartsRepository, PartNewsRecorder],
        },
        {
          provide: ReceiveReceiptsOnDeliverSm,
          useFactory: (recorder: PartNewsRecorder) => new ReceiveReceiptsOnDeliverSm(recorder, logger, metrics),
          inject: [PartNewsRecorder],
        },
        {
          provide: ExpirePartsWorker,
          useFactory: (database: ServiceDatabase, parts: PartsRepository, receipts: PartReceiptsPublisher) =>
            new ExpirePartsWorker(database, parts, receipts, logger),
          inject: [ServiceDatabase, PartsRepository, PartReceiptsPublisher],
        },
        TakeMessagesHandler,
        CarrierLifecycle,
      ],
    };
  }
}
