import { milliseconds, oneOf, readConfig, secret, text } from './config.js';
import { logLevels } from './logger.js';

/** What every service reads from the environment (DESIGN §8). */
export const commonSettings = {
  dataDir: text('KWOTA_DATA_DIR', './data'),
  messaging: oneOf('KWOTA_MESSAGING', ['embedded', 'kafka'], 'embedded'),
  databaseUrl: secret('KWOTA_DATABASE_URL', ''),
  secretKey: secret('KWOTA_SECRET_KEY', ''),
  logLevel: oneOf('KWOTA_LOG_LEVEL', logLevels, 'info'),
  timeZone: text('KWOTA_TIME_ZONE', 'UTC'),
  sendDeadlineMs: milliseconds('KWOTA_SEND_DEADLINE_MS', 5_000),
  shutdownGraceMs: milliseconds('KWOTA_SHUTDOWN_GRACE_MS', 10_000),
} as const;

export const readCommonConfig = (environment: NodeJS.ProcessEnv) => readConfig(environment, commonSettings);
export type CommonConfig = ReturnType<typeof readCommonConfig>;
