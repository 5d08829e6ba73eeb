import { milliseconds, optional, port, readConfig, secret, text } from '@kwota/service-kit/config';

/** A checkpoint a minute, while there is something new, is half a megabyte a day. */
export const sealIntervalMs = 60_000;

export const ledgerSettings = {
  adminHost: text('KWOTA_HTTP_HOST', '127.0.0.1'),
  adminPort: port('KWOTA_ADMIN_PORT', 8082),
  eventStoreUrl: { ...optional('KWOTA_EVENT_STORE_URL'), secret: true },
  sendDeadlineMs: milliseconds('KWOTA_SEND_DEADLINE_MS', 5_000),
  ratesFile: optional('KWOTA_RATES_FILE'),
  /** Without a key nothing is sealed; of several ledgers on one event store one alone has it. */
  auditKey: secret('KWOTA_AUDIT_KEY', ''),
  auditKeyFile: optional('KWOTA_AUDIT_KEY_FILE'),
  auditSealIntervalMs: milliseconds('KWOTA_AUDIT_SEAL_INTERVAL_MS', sealIntervalMs),
} as const;

export const readLedgerConfig = (environment: NodeJS.ProcessEnv) => readConfig(environment, ledgerSettings);
export type LedgerConfig = ReturnType<typeof readLedgerConfig>;
