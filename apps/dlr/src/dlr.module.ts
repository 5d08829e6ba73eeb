import { ServiceDatabase } from '@kwota/service-kit/database';
import { Outbox, outboxEntity } from '@kwota/service-kit/outbox';
import type { ServiceRuntime } from '@kwota/service-kit/runtime';
import { Module, type DynamicModule } from '@nestjs/common';
import { CleanHistoryWorker } from './clean-history/clean-history.worker.js';
import type { DlrConfig } from './dlr.config.js';
import { DlrLifecycle } from './dlr.lifecycle.js';
import { CreateDlrTables1795000000000 } from './dlr.migrations.js';
import { EndSilentMessagesWorker } from './end-silent-messages/end-silent-messages.worker.js';
import { ReceiptsRead } from './end-silent-messages/receipts-read.js';
import { FindCallbackAttemptsOnRequest } from './find-messages/find-callback-attempts.on-request.js';
import { FindMessagesOnRequest } from './find-messages/find-messages.on-request.js';
import { MessagesRepository } from './messages.repository.js';
import { AddressGuard } from './send-callbacks/address-guard.js';
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
          useFactory: () => ServiceDatabase.open({ location, schema: 'dlr', entities: [outboxEntity], migrations: [CreateDlrTables1795000000000] }),
        },
        { provide: Outbox, useFactory: (database: ServiceDatabase) => new Outbox(database, messaging, logger), inject: [ServiceDatabase] },
        { provide: AddressGuard, useValue: guard },
        { provide: CallbackClient, useFactory: () => new CallbackClient(guard, connectionsPerOrigin) },
        { provide: ReceiptsRead, useFactory: () => new ReceiptsRead(Date.now()) },
        MessagesRepository,
        CallbackQueueRepository,
        { provide: CallbackSettingsRepository, useFactory: CallbackSettingsRepository.open, inject: [ServiceDatabase] },
        {
          provide: CallbackResultsRecorder,
          useFactory: (database: ServiceDatabase, queue: CallbackQueueRepository, settings: CallbackSettingsRepository) =>
            new CallbackResultsRecorder(database, queue, settings, logger),
          inject: [ServiceDatabase, CallbackQueueRepository, CallbackSettingsRepository],
        },
        {
          provide: CallbackSender,
          useFactory: (database: ServiceDatabase, queue: CallbackQueueRepository, client: CallbackClient, recorder: CallbackResultsRecorder) =>
            CallbackSender.open(database, queue, client, recorder, config, logger, metrics),
          inject: [ServiceDatabase, CallbackQueueRepository, CallbackClient, CallbackResultsRecorder],
        },
        CallbackQueue,
        {
          provide: TrackMessagesHandler,
          useFactory: TrackMessagesHandler.open,
          inject: [ServiceDatabase, MessagesRepository, Outbox, CallbackQueue, CallbackSender],
        },
        {
          provide: EndSilentMessagesWorker,
          useFactory: (messages: TrackMessagesHandler, read: ReceiptsRead) => new EndSilentMessagesWorker(messages, read, messaging, logger),
          inject: [TrackMessagesHandler, ReceiptsRead],
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
