import { Messaging } from '@kwota/messaging';
import { DataDirectory } from './data-directory.js';
import { Health } from './health.js';
import type { Logger } from './logger.js';
import type { Metrics, ProcessMetrics } from './metrics.js';
import { Sealing } from './sealing.js';
import { StopDigest } from './stop-digest.js';

/** What a service is given of its process: the same six services run in six processes or in one. */
export type ServiceRuntime = Readonly<{
  service: string;
  messaging: Messaging;
  logger: Logger;
  metrics: Metrics;
  health: Health;
  directory: DataDirectory;
  sealing: Sealing;
  stopDigest: StopDigest;
  /** `postgres://…`, or the path of the service's SQLite file. */
  databaseLocation: string;
}>;

/** Opens and locks the service's folder. @throws Error when another process has it. */
export const openRuntime = (
  service: string,
  shared: Readonly<{ messaging: Messaging; logger: Logger; metrics: ProcessMetrics; dataDir: string; secretKey: string; databaseUrl: string }>,
): ServiceRuntime => {
  const { messaging, dataDir, secretKey, databaseUrl } = shared;
  const directory = DataDirectory.open(dataDir, service);
  const health = new Health().add('messaging', () => messaging.health());
  return {
    service,
    messaging,
    logger: shared.logger.child({ service }),
    metrics: shared.metrics.of(service),
    health,
    directory,
    sealing: new Sealing(secretKey),
    stopDigest: new StopDigest(secretKey),
    databaseLocation: databaseUrl || directory.file(`${service}.db`),
  };
};
