import { Messaging } from '@kwota/messaging';
import { RequestClient } from '@kwota/service-kit/request-client';
import { StopList } from '@kwota/service-kit/stop-list';
import type { ServiceRuntime } from '@kwota/service-kit/runtime';
import { Sealing } from '@kwota/service-kit/sealing';
import { Injectable, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { CancelJobsClient } from './cancel-jobs/cancel-jobs.client.js';
import { CancelJobsController } from './cancel-jobs/cancel-jobs.controller.js';
import { DeadLettersClient } from './dead-letters/dead-letters.client.js';
import { DeadLettersController } from './dead-letters/dead-letters.controller.js';
import { DeadLetters } from './dead-letters/dead-letters.projection.js';
import { AuthoriseOwnersController } from './authorise-owners/authorise-owners.controller.js';
import { ValidateKeysController } from './authorise-owners/validate-keys.controller.js';
import { DescribeApiController } from './describe-api/describe-api.controller.js';
import { AccessTokens } from './edge/access-tokens.js';
import { checkInput } from './edge/check-input.js';
import { GatewayLog } from './edge/gateway-log.js';
import { GatewaySettings } from './edge/gateway-settings.js';
import { EstimateMessagesController } from './estimate-messages/estimate-messages.controller.js';
import { DocumentIds } from './export-documents/document-ids.js';
import { DocumentsClient } from './export-documents/documents.client.js';
import { ExportDocumentsController } from './export-documents/export-documents.controller.js';
import { ExportHistoryController } from './export-history/export-history.controller.js';
import { HistoryCsvClient } from './export-history/history-csv.client.js';
import { FetchDocumentsController } from './export-documents/fetch-documents.controller.js';
import type { GatewayConfig } from './gateway.config.js';
import { Http2SmsController } from './http2sms/http2sms.controller.js';
import { Http2SmsHandler } from './http2sms/http2sms.handler.js';
import { ChangesMadeHere } from './known-users/changes-made-here.js';
import { KnownUsersOnUsers } from './known-users/known-users.on-users.js';
import { KnownUsers } from './known-users/known-users.projection.js';
import { LackOptionsController } from './lack-options/lack-options.controller.js';
import { Limits } from './limit-requests/limits.js';
import { SharedCounts } from './limit-requests/shared-counts.js';
import { SharedCountsOnCounts } from './limit-requests/shared-counts.on-counts.js';
import { AccountsClient } from './manage-account/accounts.client.js';
import { ManageAccountController } from './manage-account/manage-account.controller.js';
import { ManageOperatorsController } from './manage-owners/manage-operators.controller.js';
import { ManageOwnersClient } from './manage-owners/manage-owners.client.js';
import { ManageOwnersController } from './manage-owners/manage-owners.controller.js';
import { ManageSendersController } from './manage-senders/manage-senders.controller.js';
import { SendersClient } from './manage-senders/senders.client.js';
import { ApiUsersClient } from './manage-users/api-users.client.js';
import { AlertsClient } from './manage-alerts/alerts.client.js';
import { ManageAlertsController, OperatorAlertsController } from './manage-alerts/manage-alerts.controller.js';
import { CallbacksClient } from './manage-callbacks/callbacks.client.js';
import { CallbacksController } from './manage-callbacks/callbacks.controller.js';
import { CarriersClient } from './manage-carriers/carriers.client.js';
import { CarriersController } from './manage-carriers/carriers.controller.js';
import { ManageUsersController } from './manage-users/manage-users.controller.js';
import { OperatorController } from './operator/operator.controller.js';
import { IncomingClient } from './read-incoming/incoming.client.js';
import { ReadIncomingController } from './read-incoming/read-incoming.controller.js';
import { NewestJobs } from './read-messages/newest-jobs.js';
import { ReadMessagesClient } from './read-messages/read-messages.client.js';
import { ReadMessagesController } from './read-messages/read-messages.controller.js';
import { CallsKey } from './repeat-calls/repeat-calls.interceptor.js';
import { SendJobsClient } from './send-jobs/send-jobs.client.js';
import { SendJobsController } from './send-jobs/send-jobs.controller.js';
import { OwnersClient } from './show-owner/owners.client.js';
import { ShowOwnerController } from './show-owner/show-owner.controller.js';
import { OperatorUsageController, ShowUsageController } from './show-usage/show-usage.controller.js';
import { UsageClient } from './show-usage/usage.client.js';
import { MessageIds } from './submit-messages/message-ids.js';
import { SubmitMessagesClient } from './submit-messages/submit-messages.client.js';
import { Withdrawals } from './submit-messages/withdrawals.js';
import { TrailChangesController } from './trail-changes/trail-changes.controller.js';
import { TrailOnChanges } from './trail-changes/trail.on-changes.js';
import { BlacklistsController } from './stopped-numbers/blacklists.controller.js';
import { StoppedNumbersOnStops } from './stopped-numbers/stopped-numbers.on-stops.js';
import { Trail } from './trail-changes/trail.projection.js';
import { TransferCreditsController } from './transfer-credits/transfer-credits.controller.js';
import { CodesAndTimeController } from './v6/codes-and-time.controller.js';
import { Oauth2TokenController } from './v6/oauth2-token.controller.js';
import { OvhErrorsFilter } from './v6/ovh-errors.filter.js';
import { OauthClients } from './v6/oauth-clients.js';
import { OwnerCredentials } from './v6/owner-credentials.js';
import { PasswordChecks } from './verify-passwords/password-checks.js';

@Injectable()
class GatewayLifecycle implements OnApplicationShutdown {
  constructor(
    private readonly requests: RequestClient,
    private readonly withdrawals: Withdrawals,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.requests.close();
    await this.withdrawals.close();
  }
}

@Module({})
export class GatewayModule {
  static register(runtime: ServiceRuntime, config: GatewayConfig, tokenKey: Buffer, changes = new ChangesMadeHere()): DynamicModule {
    const { messaging, logger, metrics, sealing, stopDigest } = runtime;
    return {
      module: GatewayModule,
      controllers: [
        Http2SmsController,
        ManageAccountController,
        ManageUsersController,
        SendJobsController,
        ReadMessagesController,
        CodesAndTimeController,
        EstimateMessagesController,
        ManageSendersController,
        ExportDocumentsController,
        FetchDocumentsController,
        ExportHistoryController,
        AuthoriseOwnersController,
        ValidateKeysController,
        ShowOwnerController,
        ShowUsageController,
        OperatorUsageController,
        TrailChangesController,
        ManageOwnersController,
        ManageOperatorsController,
        TrailOnChanges,
        SharedCountsOnCounts,
        TransferCreditsController,
        DescribeApiController,
        LackOptionsController,
        Oauth2TokenController,
        OperatorController,
        DeadLettersController,
        CarriersController,
        CallbacksController,
        ManageAlertsController,
        OperatorAlertsController,
        CancelJobsController,
        KnownUsersOnUsers,
        StoppedNumbersOnStops,
        ReadIncomingController,
        BlacklistsController,
      ],
      providers: [
        { provide: APP_FILTER, useValue: new OvhErrorsFilter(logger) },
        { provide: APP_PIPE, useValue: checkInput() },
        { provide: Messaging, useValue: messaging },
        { provide: Sealing, useValue: sealing },
        { provide: GatewayLog, useValue: new GatewayLog(logger) },
        { provide: GatewaySettings, useValue: new GatewaySettings(config) },
        { provide: AccessTokens, useValue: new AccessTokens(tokenKey, Date.now) },
        { provide: RequestClient, useFactory: () => RequestClient.start(messaging, runtime.service, config.sendDeadlineMs, metrics) },
        {
          provide: SharedCounts,
          useFactory: (requests: RequestClient) => new SharedCounts((messages) => messaging.publish(messages), requests.instanceId),
          inject: [RequestClient],
        },
        { provide: ChangesMadeHere, useValue: changes },
        { provide: StopList, useValue: new StopList(stopDigest) },
        IncomingClient,
        KnownUsers,
        DeadLetters,
        DeadLettersClient,
        CarriersClient,
        CallbacksClient,
        AlertsClient,
        CancelJobsClient,
        PasswordChecks,
        MessageIds,
        Withdrawals,
        SubmitMessagesClient,
        Http2SmsHandler,
        AccountsClient,
        ApiUsersClient,
        SendJobsClient,
        NewestJobs,
        ReadMessagesClient,
        OwnerCredentials,
        OauthClients,
        OwnersClient,
        Limits,
        Trail,
        UsageClient,
        ManageOwnersClient,
        SendersClient,
        HistoryCsvClient,
        DocumentsClient,
        { provide: CallsKey, useValue: new CallsKey(tokenKey) },
        { provide: DocumentIds, useValue: new DocumentIds(tokenKey, Date.now) },
        GatewayLifecycle,
      ],
    };
  }
}
