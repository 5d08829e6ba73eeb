import { milliseconds, optional, port, readConfig, text } from '@kwota/service-kit/config';

export const ledgerSettings = {
  adminHost: text('KWOTA_HTTP_HOST', '127.0.0.1'),
  adminPort: port('KWOTA_ADMIN_PORT', 8082),
  eventStoreUrl: { ...optional('KWOTA_EVENT_STORE_URL'), secret: true },
  sendDeadlineMs: milliseconds('KWOTA_SEND_DEADLINE_MS', 5_000),
  ratesFile: optional('KWOTA_RATES_FILE'),
} as const;

export const readLedgerConfig = (environment: NodeJS.ProcessEnv) => readConfig(environment, ledgerSettings);
export type LedgerConfig = ReturnType<typeof readLedgerConfig>;
