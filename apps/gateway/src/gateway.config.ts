import { commonSettings } from '@kwota/service-kit/common-config';
import { flag, list, optional, port, readConfig, secret, text, wholeNumber, type Setting } from '@kwota/service-kit/config';
import { accessSync, constants } from 'node:fs';
import { rangeOf } from './edge/peer-address.js';

/** A setting whose value must pass a look as well; `look` throws with the reason. */
const checked = <Value>({ parse, ...setting }: Setting<Value>, look: (value: Value) => void): Setting<Value> => ({
  ...setting,
  parse: (given) => {
    const value = parse(given);
    look(value);
    return value;
  },
});

const isRanges = (proxies: readonly string[]): void => {
  for (const proxy of proxies) {
    try {
      rangeOf(proxy);
    } catch {
      throw new Error(`"${proxy}" is neither an IP address nor a range like 10.0.0.0/8`);
    }
  }
};
const isUrls = (urls: readonly string[]): void => {
  for (const url of urls) if (!/^https?:\/\/\S+$/.test(url) || !URL.canParse(url)) throw new Error(`"${url}" is not an http or https URL`);
};
const isFile = (path: string | undefined): void => {
  try {
    if (path !== undefined) accessSync(path, constants.R_OK);
  } catch {
    throw new Error('is not a file that can be read');
  }
};

const isNumber = (number: string): void => {
  if (!/^\+?\d{3,15}$/.test(number)) throw new Error(`"${number}" is not a number of 3 to 15 digits, with or without a leading +`);
};

const isPort = (given: string | undefined): void => {
  if (given !== undefined) port('', 0).parse(given);
};

export const gatewaySettings = {
  host: text('KWOTA_HTTP_HOST', '127.0.0.1'),
  port: port('KWOTA_HTTP_PORT', 8080),
  httpsPort: checked(optional('KWOTA_HTTPS_PORT'), isPort),
  tlsCert: checked(optional('KWOTA_TLS_CERT'), isFile),
  tlsKey: checked(optional('KWOTA_TLS_KEY'), isFile),
  trustedProxies: checked(list('KWOTA_TRUSTED_PROXIES'), isRanges),
  publicUrls: checked(list('KWOTA_PUBLIC_URLS'), isUrls),
  ipAllowPrivate: flag('KWOTA_IP_ALLOW_PRIVATE', false),
  operatorToken: secret('KWOTA_OPERATOR_TOKEN', ''),
  firstStart: flag('KWOTA_FIRST_START', true),
  timeZone: commonSettings.timeZone,
  // The number that the STOP clause names: what can be answered at all can be answered there (OVH.md 3.4).
  responseSender: checked(text('KWOTA_RESPONSE_SENDER', '36184'), isNumber),
  requestsPerMinute: wholeNumber('KWOTA_REQUESTS_PER_MINUTE', 60_000, { min: 1, max: 1_000_000_000 }),
  sendDeadlineMs: commonSettings.sendDeadlineMs,
} as const;

/** @throws Error with everything that is wrong, by variable. HTTPS needs certificate and key. */
export const readGatewayConfig = (environment: NodeJS.ProcessEnv) => {
  const withHttps = Boolean(environment['KWOTA_HTTPS_PORT']);
  const needed = (setting: Setting<string | undefined>): Setting<string | undefined> =>
    checked(setting, (path) => {
      if (withHttps && path === undefined) throw new Error('is required with KWOTA_HTTPS_PORT');
    });
  return readConfig(environment, { ...gatewaySettings, tlsCert: needed(gatewaySettings.tlsCert), tlsKey: needed(gatewaySettings.tlsKey) });
};
export type GatewayConfig = ReturnType<typeof readGatewayConfig>;
