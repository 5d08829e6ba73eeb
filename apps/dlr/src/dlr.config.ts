import { commonSettings } from '@kwota/service-kit/common-config';
import { list, port, readConfig, text, type Setting } from '@kwota/service-kit/config';
import ipaddr from 'ipaddr.js';

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** OVH.md 1.3: six months. */
export const historyKeptDays = 183;

/** OVH.md 9: a little over a day. */
const defaultRetrySchedule = '5s,30s,5m,30m,2h,5h,10h,10h';

const retryScheduleMs: Setting<readonly number[]> = {
  variable: 'KWOTA_CALLBACK_RETRY_SCHEDULE',
  parse: (given = defaultRetrySchedule) =>
    given.split(',').map((pause) => {
      const [, count, unit] = /^(\d{1,6})(ms|s|m|h)$/.exec(pause.trim()) ?? [];
      const unitMs = unitsMs[unit ?? ''];
      if (count === undefined || unitMs === undefined) throw new Error(`"${pause}" is not a pause such as 5s, 30m or 2h`);
      return Number(count) * unitMs;
    }),
};

const allowedNetworks: Setting<readonly string[]> = {
  variable: 'KWOTA_CALLBACK_ALLOW',
  parse: (given) =>
    list('').parse(given).map((network) => {
      if (!ipaddr.isValidCIDR(network)) throw new Error(`"${network}" is not a network such as 10.0.0.0/8`);
      return network;
    }),
};

const days = (variable: string, defaultDays: number): Setting<number> => ({
  variable,
  parse: (given = String(defaultDays)) => {
    if (!/^\d{1,5}$/.test(given) || Number(given) < 1) throw new Error(`"${given}" is not a number of days from 1`);
    return Number(given);
  },
});

export const dlrSettings = {
  /** The history; the ledger keeps what each message cost for ever. */
  historyKeptDays: days('KWOTA_HISTORY_KEPT_DAYS', historyKeptDays),
  /** Texts, numbers, senders and tags in it. */
  textsKeptDays: days('KWOTA_HISTORY_TEXTS_KEPT_DAYS', historyKeptDays),
  /** Attempts of callbacks. */
  attemptsKeptDays: days('KWOTA_CALLBACK_ATTEMPTS_KEPT_DAYS', historyKeptDays),
  /** Pauses after each failed attempt of a callback. */
  retryScheduleMs,
  /** Private networks, in CIDR notation, that callbacks may reach. */
  allowedNetworks,
  timeZone: commonSettings.timeZone,
  adminHost: text('KWOTA_HTTP_HOST', '127.0.0.1'),
  adminPort: port('KWOTA_ADMIN_PORT', 8084),
};

export const readDlrConfig = (environment: NodeJS.ProcessEnv) => readConfig(environment, dlrSettings);
export type DlrConfig = ReturnType<typeof readDlrConfig>;
