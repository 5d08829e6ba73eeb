import { openKafka } from '@kwota/messaging-kafka/open-kafka';
import { runService, serve } from '@kwota/service-kit/run-service';
import { readLedgerConfig, ledgerSettings } from './ledger.config.js';
import { LedgerModule } from './ledger.module.js';

await runService({
  name: 'ledger',
  settings: ledgerSettings,
  openMessaging: openKafka,
  adminPort: (environment) => readLedgerConfig(environment).adminPort,
  databases: ({ KWOTA_EVENT_STORE_URL }) => [KWOTA_EVENT_STORE_URL],
  begin: ({ runtime, environment }) => serve(runtime, LedgerModule.register(runtime, readLedgerConfig(environment))),
});
