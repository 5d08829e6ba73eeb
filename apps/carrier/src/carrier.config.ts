import { commonSettings } from '@kwota/service-kit/common-config';
import { port, readConfig, text, oneOf, type Setting } from '@kwota/service-kit/config';
import { parseQuietHours, type QuietHours } from './hold-quiet-hours/quiet-hours.js';
import type { ReceiptProfile } from '@kwota/delivery-codes';

/** What to do with a submit_sm whose answer never came: send it again (it may arrive twice), or leave it (it may never arrive). */
export type LostAnswerPolicy = 'resend' | 'never';

export type CarrierConfig = Readonly<{
  /** smpp:// or, for TLS, ssmpp://, with system_id and password. `simulator:` only as it is read: whoever starts the simulator puts its URL here. */
  smscUrl: string;
  profile: ReceiptProfile;
  /** How many submit_sm may be unanswered at a time. */
  windowSize: number;
  lostAnswer: LostAnswerPolicy;
  /** A connector that is away for so long is passed over for others. */
  failOverAfterMs: number;
  /** When messages with advertising wait. */
  quietHours: QuietHours;
  timeZone: string;
  adminHost: string;
  adminPort: number;
}>;

export const simulatorUrl = 'simulator:';

const smscUrl: Setting<string> = {
  variable: 'KWOTA_SMSC_URL',
  parse: (given = simulatorUrl) => {
    if (given === simulatorUrl) return given;
    // The URL holds a password: no mistake of it may be quoted.
    if (!URL.canParse(given) || !/^s?smpp:\/\/[^/]/.test(given)) throw new Error('is neither simulator: nor smpp://system_id:password@host:port');
    return given;
  },
  secret: true,
};

const windowSize: Setting<number> = {
  variable: 'KWOTA_CARRIER_WINDOW',
  parse: (given = '100') => {
    if (!/^\d{1,4}$/.test(given) || Number(given) < 1) throw new Error(`"${given}" is not a whole number from 1 to 9999`);
    return Number(given);
  },
};

const failOverAfterMs: Setting<number> = {
  variable: 'KWOTA_CARRIER_FAILOVER_AFTER_MS',
  parse: (given = '10000') => {
    if (!/^\d{1,7}$/.test(given)) throw new Error(`"${given}" is not a number of milliseconds below 10000000`);
    return Number(given);
  },
};

const quietHours: Setting<QuietHours> = { variable: 'KWOTA_QUIET_HOURS', parse: (given = 'off') => parseQuietHours(given) };

export const carrierSettings = {
  quietHours,
  timeZone: commonSettings.timeZone,
  smscUrl,
  windowSize,
  failOverAfterMs,
  lostAnswer: oneOf('KWOTA_CARRIER_LOST_ANSWER', ['resend', 'never'], 'resend'),
  profile: oneOf('KWOTA_CARRIER_PROFILE', ['auto', 'kwota', 'generic'], 'auto'),
  adminHost: text('KWOTA_HTTP_HOST', '127.0.0.1'),
  adminPort: port('KWOTA_ADMIN_PORT', 8083),
};

/** Profile `auto` is what the simulator speaks, and `generic` for any other SMSC. */
export const readCarrierConfig = (environment: NodeJS.ProcessEnv): CarrierConfig => {
  const { profile, ...config } = readConfig(environment, carrierSettings);
  const spoken = config.smscUrl === simulatorUrl ? 'kwota' : 'generic';
  return { ...config, profile: profile === 'auto' ? spoken : profile };
};
