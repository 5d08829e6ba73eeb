import { ServiceDatabase } from '@kwota/service-kit/database';
import { Outbox, outboxEntity } from '@kwota/service-kit/outbox';
import { RequestClient } from '@kwota/service-kit/request-client';
import type { ServiceRuntime } from '@kwota/service-kit/runtime';
import { Module, type DynamicModule } from '@nestjs/common';
import { dirname, join } from 'node:path';
import { AlertsFactsPublisher } from './alerts-facts.publisher.js';
import { AlertsSettings } from './alerts-settings.js';
import { fileUrl, type AlertsConfig } from './alerts.config.js';
import { alertEntity, knownSenderEntity, knownUserEntity, recipientEntity, templatesEntity } from './alerts.entities.js';
import { AlertsLifecycle } from './alerts.lifecycle.js';
import { CreateAlertsTables1795000000000 } from './alerts.migrations.js';
import { ForgetAlertsWorker } from './forget-alerts/forget-alerts.worker.js';
import { KnownUsersOnUsers } from './known-users/known-users.on-users.js';
import { KnownUsersRepository } from './known-users/known-users.repository.js';
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

const entities = [recipientEntity, templatesEntity, knownUserEntity, knownSenderEntity, alertEntity, outboxEntity];

@Module({})
export class AlertsModule {
  static register(runtime: ServiceRuntime, config: AlertsConfig): DynamicModule {
    const { messaging, logger, metrics, health, databaseLocation: location, directory } = runtime;
    // Beside the services' folders: it is the operator who reads them.
    const mailFolder = join(dirname(directory.path), 'mails');
    return {
      module: AlertsModule,
      controllers: [RecordCrossingsOnCredit, KnownUsersOnUsers, SetRecipientsOnRequest, SetTemplatesOnRequest],
      providers: [
        {
          provide: ServiceDatabase,
          useFactory: () => ServiceDatabase.open({ location, schema: 'alerts', entities, migrations: [CreateAlertsTables1795000000000] }),
        },
        { provide: Outbox, useFactory: (database: ServiceDatabase) => new Outbox(database, messaging, logger), inject: [ServiceDatabase] },
        { provide: RequestClient, useFactory: () => RequestClient.whenAsked(messaging, 'alerts', config.sendDeadlineMs, metrics) },
        { provide: AlertsSettings, useValue: new AlertsSettings(config.mailFrom, config.sendDeadlineMs) },
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
