import { openGatheringKafka } from '@kwota/messaging-kafka/open-kafka';
import { runService, serve } from '@kwota/service-kit/run-service';
import { readDlrConfig, dlrSettings } from './dlr.config.js';
import { DlrModule } from './dlr.module.js';

await runService({
  name: 'dlr',
  settings: dlrSettings,
  openMessaging: openGatheringKafka,
  adminPort: (environment) => readDlrConfig(environment).adminPort,
  databases: ({ KWOTA_DATABASE_URL }) => [KWOTA_DATABASE_URL],
  begin: ({ runtime, environment }) => serve(runtime, DlrModule.register(runtime, readDlrConfig(environment))),
});
