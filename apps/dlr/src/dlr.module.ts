import { RequestClient } from '@kwota/service-kit/request-client';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { InstanceClaims } from '@kwota/service-kit/instance-claims';
import { Outbox, outboxEntity } from '@kwota/service-kit/outbox';
import type { ServiceRuntime } from '@kwota/service-kit/runtime';
import { Module, type DynamicModule } from '@nestjs/common';
import { AnswerIncomingWorker } from './answer-incoming/answer-incoming.worker.js';
import { AnswerSubmission } from './answer-incoming/answer.submission.js';
import { IncomingCallsRepository } from './answer-incoming/incoming-calls.repository.js';
import { MessageIds } from './answer-incoming/message-ids.js';
import { SmsResponsesOnRequest } from './answer-incoming/sms-responses.on-request.js';
import { SmsResponsesRepository } from './answer-incoming/sms-responses.repository.js';
import { CleanHistoryWorker } from './clean-history/clean-history.worker.js';
import { EraseHistoryRepository } from './clean-history/erase-history.repository.js';
import type { DlrConfig } from './dlr.config.js';
import { DlrLifecycle } from './dlr.lifecycle.js';
import { AddCallbackDelivery1797000000000, AddIncoming1799000000000, AddInstanceEpochs1796000000000, AddPriority1800000000000, CreateDlrTables1795000000000 } from './dlr.migrations.js';
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
import { CallbackSender } from './send-callbacks/callback.sender.js';
import { CallbackSwitch } from './send-callbacks/callback.switch.js';
import { connectionsPerOrigin } from './send-callbacks/lane.js';
import { CallbackDeliveryRepository } from './set-callbacks/callback-delivery.repository.js';
import { CallbackSettingsRepository } from './set-callbacks/callback-settings.repository.js';
import { ForgetUsersOnUsers } from './set-callbacks/forget-users.on-users.js';
import { SetCallbackDeliveryOnRequest } from './set-callbacks/set-callback-delivery.on-request.js';
import { SetCallbacksOnRequest } from './set-callbacks/set-callbacks.on-request.js';
import { CallbacksByFilterRepository } from './replay-callbacks/callbacks-by-filter.repository.js';
import { ReplayCallbacksOnRequest } from './replay-callbacks/replay-callbacks.on-request.js';
import { StopNumbersOnRequest } from './stop-numbers/stop-numbers.on-request.js';
import { StopNumbersRepository } from './stop-numbers/stop-numbers.repository.js';
import { FindIncomingOnRequest } from './take-incoming/find-incoming.on-request.js';
import { IncomingRepository } from './take-incoming/incoming.repository.js';
import { TakeIncomingHandler } from './take-incoming/take-incoming.handler.js';
import { TakeIncomingOnIncoming } from './take-incoming/take-incoming.on-incoming.js';
import { TrackMessagesHandler } from './track-messages/track-messages.handler.js';
import { TrackMessagesOnAccepted } from './track-messages/track-messages.on-accepted.js';
import { TrackMessagesOnReceipts } from './track-messages/track-messages.on-receipts.js';
import { EndpointsRepository } from './watch-endpoints/endpoints.repository.js';
import { WatchEndpointsWorker } from './watch-endpoints/watch-endpoints.worker.js';

const migrations = [CreateDlrTables1795000000000, AddInstanceEpochs1796000000000, AddCallbackDelivery1797000000000, AddIncoming1799000000000, AddPriority1800000000000];

/** For a block of message ids. */
const askWithinMs = 5_000;

@Module({})
export class DlrModule {
  static register(runtime: ServiceRuntime, config: DlrConfig): DynamicModule {
    const { messaging, logger, metrics, sealing, stopDigest, databaseLocation: location } = runtime;
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
        SetCallbackDeliveryOnRequest,
        ReplayCallbacksOnRequest,
        TakeIncomingOnIncoming,
        FindIncomingOnRequest,
        StopNumbersOnRequest,
        SmsResponsesOnRequest,
      ],
      providers: [
        {
          provide: ServiceDatabase,
          useFactory: () => ServiceDatabase.open({ health: runtime.health, location, schema: 'dlr', entities: [outboxEntity], migrations }),
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
        EraseHistoryRepository,
        EndpointsRepository,
        CallbacksByFilterRepository,
        {
          provide: CallbackDeliveryRepository,
          useFactory: async (database: ServiceDatabase) => {
            const deliveries = new CallbackDeliveryRepository(database, sealing);
            await deliveries.open();
            return deliveries;
          },
          inject: [ServiceDatabase],
        },
        { provide: CallbackSwitch, useFactory: CallbackSwitch.open, inject: [ServiceDatabase] },
        {
          provide: WatchEndpointsWorker,
          useFactory: (database: ServiceDatabase, endpoints: EndpointsRepository, queue: CallbackQueueRepository, settings: CallbackSettingsRepository, outbox: Outbox) =>
            new WatchEndpointsWorker(database, endpoints, queue, settings, outbox, logger),
          inject: [ServiceDatabase, EndpointsRepository, CallbackQueueRepository, CallbackSettingsRepository, Outbox],
        },
        {
          provide: CallbackResultsRecorder,
          useFactory: (database: ServiceDatabase, claims: CallbackClaims, queue: CallbackQueueRepository, endpoints: EndpointsRepository, watcher: WatchEndpointsWorker) =>
            new CallbackResultsRecorder(database, claims, queue, endpoints, watcher, logger),
          inject: [ServiceDatabase, CallbackClaims, CallbackQueueRepository, EndpointsRepository, WatchEndpointsWorker],
        },
        {
          provide: CallbackSender,
          useFactory: (
            claims: CallbackClaims,
            client: CallbackClient,
            recorder: CallbackResultsRecorder,
            deliveries: CallbackDeliveryRepository,
            callbackSwitch: CallbackSwitch,
          ) => CallbackSender.open(claims, client, recorder, deliveries, callbackSwitch, config, logger, metrics),
          inject: [CallbackClaims, CallbackClient, CallbackResultsRecorder, CallbackDeliveryRepository, CallbackSwitch],
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
          useFactory: (
            database: ServiceDatabase,
            messages: MessagesRepository,
            erasing: EraseHistoryRepository,
            incoming: IncomingRepository,
            calls: IncomingCallsRepository,
          ) => new CleanHistoryWorker(database, messages, erasing, incoming, calls, config, logger),
          inject: [ServiceDatabase, MessagesRepository, EraseHistoryRepository, IncomingRepository, IncomingCallsRepository],
        },
        IncomingRepository,
        IncomingCallsRepository,
        SmsResponsesRepository,
        { provide: StopNumbersRepository, useFactory: (outbox: Outbox) => new StopNumbersRepository(outbox, stopDigest), inject: [Outbox] },
        { provide: RequestClient, useFactory: () => RequestClient.whenAsked(messaging, 'dlr', askWithinMs) },
        MessageIds,
        AnswerSubmission,
        {
          provide: AnswerIncomingWorker,
          useFactory: (database: ServiceDatabase, calls: IncomingCallsRepository, client: CallbackClient, answers: AnswerSubmission) =>
            new AnswerIncomingWorker(database, calls, client, answers, config.retryScheduleMs, logger),
          inject: [ServiceDatabase, IncomingCallsRepository, CallbackClient, AnswerSubmission],
        },
        {
          provide: TakeIncomingHandler,
          useFactory: (
            database: ServiceDatabase,
            incoming: IncomingRepository,
            stops: StopNumbersRepository,
            responses: SmsResponsesRepository,
            settings: CallbackSettingsRepository,
            calls: IncomingCallsRepository,
            worker: AnswerIncomingWorker,
            outbox: Outbox,
          ) => new TakeIncomingHandler(database, incoming, stops, responses, settings, calls, worker, outbox, config.timeZone, metrics),
          inject: [
            ServiceDatabase,
            IncomingRepository,
            StopNumbersRepository,
            SmsResponsesRepository,
            CallbackSettingsRepository,
            IncomingCallsRepository,
            AnswerIncomingWorker,
            Outbox,
          ],
        },
        DlrLifecycle,
      ],
    };
  }
}
