import { openKafka } from '@kwota/messaging-kafka/open-kafka';
import { runService } from '@kwota/service-kit/run-service';
import { gatewaySettings, readGatewayConfig } from './gateway.config.js';
import { firstStart, showFirstStart, startGateway } from './gateway.start.js';

await runService({
  name: 'gateway',
  settings: gatewaySettings,
  openMessaging: openKafka,
  begin: async ({ runtime, environment, common, observed, signal }) => {
    const { dataDir, secretKey } = common;
    const options = { runtime, config: readGatewayConfig(environment), secretKey, observed, dataDir };
    const { url, httpsUrl, running, whole } = await startGateway(options);
    const first = firstStart(options, url, signal).then((made) => showFirstStart(made, dataDir));
    void Promise.all([whole, first]).then(
      () => runtime.logger.info({ url, ...(httpsUrl ? { httpsUrl } : {}) }, 'kwota is ready'),
      (error: Error) => {
        if (!signal.aborted) runtime.logger.error({ err: { type: error.name } }, 'it did not become ready; a first start is repeated at the next start');
      },
    );
    return {
      subscribed: Promise.all(running.map((service) => service.subscribed)).then(() => undefined),
      close: async () => void (await Promise.all(running.map((service) => service.close()))),
    };
  },
});
