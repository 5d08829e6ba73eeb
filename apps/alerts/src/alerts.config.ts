import { commonSettings } from '@kwota/service-kit/common-config';
import { oneOf, port, readConfig, text, wholeNumber, type Setting } from '@kwota/service-kit/config';
import { alertLanguages, type AlertLanguage } from './set-templates/default-texts.js';

export type AlertsConfig = Readonly<{
  /** smtp:// or smtps://, with user and password where needed, or `file:`. */
  smtpUrl: string;
  /** The From of mails whose account has no texts of its own. */
  mailFrom: string;
  /** Of the texts that accounts do not set themselves. */
  language: AlertLanguage;
  /** Who is told by mail of failing endpoints, connectors that are down and unknown codes. */
  operatorEmail: string | undefined;
  /** Whoever's credit runs out within so many days at its rate is warned; 0: nobody. */
  forecastDays: number;
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

const operatorEmail: Setting<string | undefined> = {
  variable: 'KWOTA_OPERATOR_EMAIL',
  parse: (given) => {
    if (given !== undefined && !/^[^\s@]+@[^\s@]+$/.test(given)) throw new Error('is no mail address');
    return given;
  },
};

/** Beyond a quarter of a year a rate of the last days foretells nothing. */
const forecastDaysMax = 90;

export const alertsSettings = {
  smtpUrl,
  mailFrom: text('KWOTA_MAIL_FROM', 'kwota@localhost'),
  language: oneOf('KWOTA_ALERT_LANGUAGE', alertLanguages, 'en'),
  operatorEmail,
  forecastDays: wholeNumber('KWOTA_ALERT_FORECAST_DAYS', 0, { min: 0, max: forecastDaysMax }),
  sendDeadlineMs: commonSettings.sendDeadlineMs,
  adminHost: text('KWOTA_HTTP_HOST', '127.0.0.1'),
  adminPort: port('KWOTA_ADMIN_PORT', 8085),
};

export const readAlertsConfig = (environment: NodeJS.ProcessEnv): AlertsConfig => readConfig(environment, alertsSettings);
