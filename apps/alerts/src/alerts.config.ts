import { milliseconds, port, readConfig, text, type Setting } from '@kwota/service-kit/config';

export type AlertsConfig = Readonly<{
  /** smtp:// or smtps://, with user and password where needed, or `file:`. */
  smtpUrl: string;
  /** The From of mails whose account has no texts of its own. */
  mailFrom: string;
  sendDeadlineMs: number;
  adminHost: string;
  adminPort: number;
}>;

/** Mails become .eml files under the data directory. */
export const fileUrl = 'file:';

const smtpUrl: Setting<string> = {
  variable: 'KWOTA_SMTP_URL',
  parse: (given = fileUrl) => {
    if (given === fileUrl) return given;
    // The URL holds a password: no mistake of it may be quoted.
    if (!URL.canParse(given) || !/^smtps?:\/\/[^/]/.test(given)) throw new Error('is neither file: nor smtp://user:password@host:port');
    return given;
  },
  secret: true,
};

export const alertsSettings = {
  smtpUrl,
  mailFrom: text('KWOTA_MAIL_FROM', 'kwota@localhost'),
  sendDeadlineMs: milliseconds('KWOTA_SEND_DEADLINE_MS', 5_000),
  adminHost: text('KWOTA_HTTP_HOST', '127.0.0.1'),
  adminPort: port('KWOTA_ADMIN_PORT', 8085),
};

export const readAlertsConfig = (environment: NodeJS.ProcessEnv): AlertsConfig => readConfig(environment, alertsSettings);
