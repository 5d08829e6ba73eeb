import { ServiceDatabase } from '@kwota/service-kit/database';
import { Outbox, outboxEntity } from '@kwota/service-kit/outbox';
import { RequestClient } from '@kwota/service-kit/request-client';
import type { ServiceRuntime } from '@kwota/service-kit/runtime';
import { Module, type DynamicModule } from '@nestjs/common';
import { dirname, join } from 'node:path';
import { AlertsFactsPublisher } from './alerts-facts.publisher.js';
import { AlertsSettings } from './alerts-settings.js';
import { fileUrl, type AlertsConfig } from './alerts.config.js';
import { alertEntity, forecastEntity, knownSenderEntity, knownUserEntity, recipientEntity, templatesEntity } from './alerts.entities.js';
import { AlertsLifecycle } from './alerts.lifecycle.js';
import { AddKindsOfAlerts1798000000000, CreateAlertsTables1795000000000 } from './alerts.migrations.js';
import { CreditClient } from './ask-ledger/credit.client.js';
import { ForecastWorker } from './forecast-credit/forecast.worker.js';
import { ForgetAlertsWorker } from './forget-alerts/forget-alerts.worker.js';
import { KnownUsersOnUsers } from './known-users/known-users.on-users.js';
import { KnownUsersRepository } from './known-users/known-users.repository.js';
import { AlertRecorder } from './record-alerts/alert-recorder.js';
import { RecordCrossingsHandler } from './record-crossings/record-crossings.handler.js';
import { RecordCrossingsOnCredit } from './record-crossings/record-crossings.on-credit.js';
import { AlertTextsReader } from './send-alerts/alert-texts.reader.js';
import { AlertWorkers } from './send-alerts/alert-workers.js';
import { AlertWorker } from './send-alerts/alert.worker.js';
import { FileMailer } from './send-alerts/file.mailer.js';
import { MailAlertSender } from './send-alerts/mail-alert.sender.js';
import { Mailer } from './send-alerts/mailer.js';
import { MessageIds } from './send-alerts/message-ids.js';
import { SmsAlertSender } from './send-alerts/sms-alert.sender.js';
import { SmtpMailer } from './send-alerts/smtp.mailer.js';
import { SetRecipientsOnRequest } from './set-recipients/set-recipients.on-request.js';
import { SetTemplatesOnRequest } from './set-templates/set-templates.on-request.js';
import { TellOfEndpointsHandler } from './tell-of-endpoints/tell-of-endpoints.handler.js';
import { TellOfEndpointsOnDelivery } from './tell-of-endpoints/tell-of-endpoints.on-delivery.js';
import { OperatorAlerts } from './tell-of-operations/operator-alerts.js';
import { TellOfOperationsOnOperations } from './tell-of-operations/tell-of-operations.on-operations.js';
import { TestAlertsOnRequest } from './test-alerts/test-alerts.on-request.js';

const entities = [recipientEntity, templatesEntity, knownUserEntity, knownSenderEntity, alertEntity, forecastEntity, outboxEntity];

const migrations = [CreateAlertsTables1795000000000, AddKindsOfAlerts1798000000000];

@Module({})
export class AlertsModule {
  static register(runtime: ServiceRuntime, config: AlertsConfig): DynamicModule {
    const { messaging, logger, metrics, health, databaseLocation: location, directory } = runtime;
    // Beside the services' folders: it is the operator who reads them.
    const mailFolder = join(dirname(directory.path), 'mails');
    return {
      module: AlertsModule,
      controllers: [
        RecordCrossingsOnCredit,
        TellOfEndpointsOnDelivery,
        TellOfOperationsOnOperations,
        KnownUsersOnUsers,
        SetRecipientsOnRequest,
        SetTemplatesOnRequest,
        TestAlertsOnRequest,
      ],
      providers: [
        {
          provide: ServiceDatabase,
          useFactory: () => ServiceDatabase.open({ health: runtime.health, location, schema: 'alerts', entities, migrations }),
        },
        { provide: Outbox, useFactory: (database: ServiceDatabase) => new Outbox(database, messaging, logger), inject: [ServiceDatabase] },
        { provide: RequestClient, useFactory: () => RequestClient.whenAsked(messaging, 'alerts', config.sendDeadlineMs, metrics) },
        { provide: AlertsSettings, useValue: new AlertsSettings(config.mailFrom, config.sendDeadlineMs, config.language, config.operatorEmail) },
        { provide: Mailer, useFactory: () => (config.smtpUrl === fileUrl ? new FileMailer(mailFolder) : new SmtpMailer(config.smtpUrl)) },
        {
          provide: AlertWorkers,
          useFactory: (mail: MailAlertSender, sms: SmsAlertSender, database: ServiceDatabase, facts: AlertsFactsPublisher) => {
            const workers = new AlertWorkers([
              new AlertWorker('mail', mail, database, facts, logger, metrics),
              new AlertWorker('sms', sms, database, facts, logger, metrics),
            ]);
            health.add('alerts', () => workers.health());
            return workers;
          },
          inject: [MailAlertSender, SmsAlertSender, ServiceDatabase, AlertsFactsPublisher],
        },
        { provide: ForgetAlertsWorker, useFactory: (database: ServiceDatabase) => new ForgetAlertsWorker(database, logger), inject: [ServiceDatabase] },
        {
          provide: ForecastWorker,
          useFactory: (database: ServiceDatabase, credit: CreditClient, recorder: AlertRecorder) => new ForecastWorker(database, credit, recorder, config.forecastDays, logger),
          inject: [ServiceDatabase, CreditClient, AlertRecorder],
        },
        CreditClient,
        AlertRecorder,
        OperatorAlerts,
        TellOfEndpointsHandler,
        KnownUsersRepository,
        AlertsFactsPublisher,
        AlertTextsReader,
        MessageIds,
        MailAlertSender,
        SmsAlertSender,
        RecordCrossingsHandler,
        AlertsLifecycle,
      ],
    };
  }
}
