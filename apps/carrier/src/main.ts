import { openGatheringKafka } from '@kwota/messaging-kafka/open-kafka';
import { runService, serve } from '@kwota/service-kit/run-service';
import { carrierSettings, readCarrierConfig } from './carrier.config.js';
import { CarrierModule } from './carrier.module.js';
import { noSmsLeaves, startBuiltInSmsc } from './connect-smsc/built-in-smsc.js';

await runService({
  name: 'carrier',
  settings: carrierSettings,
  openMessaging: openGatheringKafka,
  adminPort: (environment) => readCarrierConfig(environment).adminPort,
  databases: ({ KWOTA_DATABASE_URL }) => [KWOTA_DATABASE_URL],
  begin: async ({ runtime, environment }) => {
    const config = readCarrierConfig(environment);
    const smsc = await startBuiltInSmsc(config.smscUrl, runtime.logger);
    if (smsc.isSimulator) runtime.health.add('simulator', () => noSmsLeaves);
    const service = await serve(runtime, CarrierModule.register(runtime, { ...config, smscUrl: smsc.url }));
    return { subscribed: service.subscribed, close: () => service.close().finally(smsc.close) };
  },
});
