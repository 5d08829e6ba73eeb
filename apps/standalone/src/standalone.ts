import { AlertsModule } from '@kwota/alerts';
import { alertsSettings, readAlertsConfig } from '@kwota/alerts/config';
import { CarrierModule } from '@kwota/carrier';
import { noSmsLeaves, startBuiltInSmsc } from '@kwota/carrier/built-in-smsc';
import { carrierSettings, readCarrierConfig } from '@kwota/carrier/config';
import { DlrModule } from '@kwota/dlr';
import { dlrSettings, readDlrConfig } from '@kwota/dlr/config';
import { gatewaySettings, readGatewayConfig } from '@kwota/gateway/config';
import { firstStart, showFirstStart, startGateway } from '@kwota/gateway/start';
import { LedgerModule } from '@kwota/ledger';
import { ledgerSettings, readLedgerConfig } from '@kwota/ledger/config';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { backUp, BackupRefused } from '@kwota/service-kit/backup';
import { openControlSocket } from '@kwota/service-kit/control-socket';
import { commonSettings, readCommonConfig } from '@kwota/service-kit/common-config';
import { checkConfig, readConfig, summaryOf, type Setting } from '@kwota/service-kit/config';
import { DataDirectory } from '@kwota/service-kit/data-directory';
import { createLogger, type Logger } from '@kwota/service-kit/logger';
import { Health } from '@kwota/service-kit/health';
import { showMessagingMetrics } from '@kwota/service-kit/messaging-metrics';
import { ProcessMetrics } from '@kwota/service-kit/metrics';
import { openRuntime, type ServiceRuntime } from '@kwota/service-kit/runtime';
import { keepSecretKey } from '@kwota/service-kit/secret-key';
import { serve } from '@kwota/service-kit/run-service';
import { stopOnSignal, type RunningService } from '@kwota/service-kit/service';
import { UsersModule } from '@kwota/users';
import type { DynamicModule } from '@nestjs/common';

/** Behind the gateway first, so that whoever asks finds somebody who answers. */
const startOrder = ['users', 'ledger', 'carrier', 'dlr', 'alerts'] as const;

/** Ports of services that have none of their own here are left out. */
const allSettings = [commonSettings, gatewaySettings, ledgerSettings, carrierSettings, dlrSettings, alertsSettings].map(
  (settings): Readonly<Record<string, Setting<unknown>>> => Object.fromEntries(Object.entries(settings).filter(([name]) => !name.startsWith('admin'))),
);

export const startStandalone = async (environment: NodeJS.ProcessEnv): Promise<void> => {
  checkConfig(environment, ...allSettings);
  const common = readCommonConfig(environment);
  const gatewayConfig = readGatewayConfig(environment);
  const logger = createLogger('standalone', common.logLevel);
  logger.info(Object.assign({}, ...allSettings.map((settings) => summaryOf(readConfig(environment, settings), settings))), 'configuration');
  if (common.messaging !== 'embedded') throw new Error('KWOTA_MESSAGING: standalone is the six services over the embedded log; over Kafka each is a process of its own (npm run services)');

  const directory = DataDirectory.open(common.dataDir, 'messaging');
  const secretKey = common.secretKey || keepSecretKey(common.dataDir);
  const messaging = await EmbeddedMessaging.open({
    path: directory.file('log.db'),
    onTrouble: ({ error, ...trouble }) => logger.warn({ ...trouble, error: error instanceof Error ? error.name : 'unknown' }, 'a message is in trouble'),
  });
  const metrics = new ProcessMetrics();
  showMessagingMetrics(messaging, metrics, ['gateway', ...startOrder]);
  const shared = { messaging, logger, metrics, dataDir: common.dataDir, secretKey, databaseUrl: common.databaseUrl };
  const runtimes = new Map<string, ServiceRuntime>(['gateway', ...startOrder].map((name) => [name, openRuntime(name, shared)]));
  const runtime = (name: string): ServiceRuntime => runtimes.get(name) as ServiceRuntime;

  const carrierConfig = readCarrierConfig(environment);
  const smsc = await startBuiltInSmsc(carrierConfig.smscUrl, logger);
  if (smsc.isSimulator) runtime('carrier').health.add('simulator', () => noSmsLeaves);

  const modules: Record<(typeof startOrder)[number], () => DynamicModule> = {
    users: () => UsersModule.register(runtime('users')),
    ledger: () => LedgerModule.register(runtime('ledger'), readLedgerConfig(environment)),
    carrier: () => CarrierModule.register(runtime('carrier'), { ...carrierConfig, smscUrl: smsc.url }),
    dlr: () => DlrModule.register(runtime('dlr'), readDlrConfig(environment)),
    alerts: () => AlertsModule.register(runtime('alerts'), readAlertsConfig(environment)),
  };
  const liesElsewhere = !['', 'sqlite:'].includes(environment['KWOTA_EVENT_STORE_URL'] ?? '') || common.databaseUrl !== '';
  const control = await openControlSocket(common.dataDir, {
    backup: async (body) => {
      if (liesElsewhere) throw new BackupRefused('KWOTA_EVENT_STORE_URL or KWOTA_DATABASE_URL has a part of the data elsewhere, where its own backup must be used');
      return backUp(common.dataDir, String((body as { out?: unknown }).out ?? ''));
    },
  });
  const running: RunningService[] = [];
  for (const name of startOrder) {
    const service = await serve(runtime(name), modules[name]());
    running.push(service);
    await service.subscribed;
  }

  const observed = { health: new Map<string, Health>([...runtimes].map(([name, { health }]) => [name, health])), metrics };
  const options = { runtime: runtime('gateway'), config: gatewayConfig, secretKey, observed, dataDir: common.dataDir };
  const gateway = await startGateway(options);
  await gateway.whole;
  stopOnSignal(logger, common.shutdownGraceMs, () => stop([...gateway.running, ...running], control, messaging, smsc, [...runtimes.values()], directory));
  showFirstStart(await firstStart(options, gateway.url), common.dataDir);
  announce(logger, gateway.url, gateway.httpsUrl);
};

/** What takes work stops first, the log last. */
const stop = async (
  services: readonly RunningService[],
  control: { close(): Promise<void> } | undefined,
  messaging: EmbeddedMessaging,
  smsc: { close(): Promise<void> },
  runtimes: readonly ServiceRuntime[],
  directory: DataDirectory,
): Promise<void> => {
  await control?.close();
  for (const service of services) await service.close();
  await smsc.close();
  await messaging.close();
  for (const runtime of runtimes) runtime.directory.release();
  directory.release();
};

const announce = (logger: Logger, url: string, httpsUrl: string | undefined): void =>
  logger.info({ url, ...(httpsUrl ? { httpsUrl } : {}) }, 'kwota is ready');
