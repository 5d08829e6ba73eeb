import { openGatheringKafka } from '@kwota/messaging-kafka/open-kafka';
import { runService, serve } from '@kwota/service-kit/run-service';
import { readAlertsConfig, alertsSettings } from './alerts.config.js';
import { AlertsModule } from './alerts.module.js';

await runService({
  name: 'alerts',
  settings: alertsSettings,
  openMessaging: openGatheringKafka,
  adminPort: (environment) => readAlertsConfig(environment).adminPort,
  databases: ({ KWOTA_DATABASE_URL }) => [KWOTA_DATABASE_URL],
  begin: ({ runtime, environment }) => serve(runtime, AlertsModule.register(runtime, readAlertsConfig(environment))),
});
