import { ServiceDatabase } from '@kwota/service-kit/database';
import { InstanceClaims } from '@kwota/service-kit/instance-claims';
import { Outbox, outboxEntity } from '@kwota/service-kit/outbox';
import type { ServiceRuntime } from '@kwota/service-kit/runtime';
import { Module, type DynamicModule } from '@nestjs/common';
import { CleanHistoryWorker } from './clean-history/clean-history.worker.js';
import type { DlrConfig } from './dlr.config.js';
import { DlrLifecycle } from './dlr.lifecycle.js';
import { AddInstanceEpochs1796000000000, CreateDlrTables1795000000000 } from './dlr.migrations.js';
import { EndSilentMessagesWorker } from './end-silent-messages/end-silent-messages.worker.js';
import { ReceiptsRead } from './end-silent-messages/receipts-read.js';
import { FindCallbackAttemptsOnRequest } from './find-messages/find-callback-attempts.on-request.js';
import { FindMessagesOnRequest } from './find-messages/find-messages.on-request.js';
import { MessagesRepository } from './messages.repository.js';
import { OwnPartitions } from './own-partitions.js';
import { AddressGuard } from './send-callbacks/address-guard.js';
import { CallbackClaims } from './send-callbacks/callback-claims.js';
import { CallbackQueue } from './send-callbacks/callback-queue.js';
import { CallbackQueueRepository } from './send-callbacks/callback-queue.repository.js';
import { CallbackResultsRecorder } from './send-callbacks/callback-results.recorder.js';
import { CallbackClient } from './send-callbacks/callback.client.js';
import { CallbackSender, connectionsPerOrigin } from './send-callbacks/callback.sender.js';
import { CallbackSettingsRepository } from './set-callbacks/callback-settings.repository.js';
import { ForgetUsersOnUsers } from './set-callbacks/forget-users.on-users.js';
import { SetCallbacksOnRequest } from './set-callbacks/set-callbacks.on-request.js';
import { TrackMessagesHandler } from './track-messages/track-messages.handler.js';
import { TrackMessagesOnAccepted } from './track-messages/track-messages.on-accepted.js';
import { TrackMessagesOnReceipts } from './track-messages/track-messages.on-receipts.js';

const migrations = [CreateDlrTables1795000000000, AddInstanceEpochs1796000000000];

@Module({})
export class DlrModule {
  static register(runtime: ServiceRuntime, config: DlrConfig): DynamicModule {
    const { messaging, logger, metrics, databaseLocation: location } = runtime;
    const guard = new AddressGuard(config.allowedNetworks);
    return {
      module: DlrModule,
      controllers: [
        TrackMessagesOnAccepted,
        TrackMessagesOnReceipts,
        ForgetUsersOnUsers,
        SetCallbacksOnRequest,
        FindMessagesOnRequest,
        FindCallbackAttemptsOnRequest,
      ],
      providers: [
        {
          provide: ServiceDatabase,
          useFactory: () => ServiceDatabase.open({ location, schema: 'dlr', entities: [outboxEntity], migrations }),
        },
        { provide: InstanceClaims, useFactory: (database: ServiceDatabase) => InstanceClaims.open(database, logger), inject: [ServiceDatabase] },
        { provide: Outbox, useFactory: (database: ServiceDatabase) => new Outbox(database, messaging, logger), inject: [ServiceDatabase] },
        { provide: AddressGuard, useValue: guard },
        { provide: CallbackClient, useFactory: () => new CallbackClient(guard, connectionsPerOrigin) },
        { provide: ReceiptsRead, useFactory: () => new ReceiptsRead(Date.now()) },
        MessagesRepository,
        CallbackQueueRepository,
        CallbackClaims,
        { provide: CallbackSettingsRepository, useFactory: (database: ServiceDatabase) => new CallbackSettingsRepository(database, messaging), inject: [ServiceDatabase] },
        {
          provide: OwnPartitions,
          useFactory: (settings: CallbackSettingsRepository, read: ReceiptsRead) => OwnPartitions.follow(messaging, [settings, read]),
          inject: [CallbackSettingsRepository, ReceiptsRead],
        },
        {
          provide: CallbackResultsRecorder,
          useFactory: (database: ServiceDatabase, claims: CallbackClaims, queue: CallbackQueueRepository, settings: CallbackSettingsRepository) =>
            new CallbackResultsRecorder(database, claims, queue, settings, logger),
          inject: [ServiceDatabase, CallbackClaims, CallbackQueueRepository, CallbackSettingsRepository],
        },
        {
          provide: CallbackSender,
          useFactory: (claims: CallbackClaims, client: CallbackClient, recorder: CallbackResultsRecorder) =>
            CallbackSender.open(claims, client, recorder, config, logger, metrics),
          inject: [CallbackClaims, CallbackClient, CallbackResultsRecorder],
        },
        CallbackQueue,
        {
          provide: TrackMessagesHandler,
          useFactory: TrackMessagesHandler.open,
          inject: [ServiceDatabase, MessagesRepository, Outbox, CallbackQueue, CallbackSender],
        },
        {
          provide: EndSilentMessagesWorker,
          useFactory: (messages: TrackMessagesHandler, own: OwnPartitions, read: ReceiptsRead) => new EndSilentMessagesWorker(messages, own, read, messaging, logger),
          inject: [TrackMessagesHandler, OwnPartitions, ReceiptsRead],
        },
        {
          provide: CleanHistoryWorker,
          useFactory: (database: ServiceDatabase, messages: MessagesRepository) => new CleanHistoryWorker(database, messages, logger),
          inject: [ServiceDatabase, MessagesRepository],
        },
        DlrLifecycle,
      ],
    };
  }
}
