import { flag, list, milliseconds, optional, port, readConfig, secret, text } from '@kwota/service-kit/config';

export const gatewaySettings = {
  host: text('KWOTA_HTTP_HOST', '127.0.0.1'),
  port: port('KWOTA_HTTP_PORT', 8080),
  httpsPort: optional('KWOTA_HTTPS_PORT'),
  tlsCert: optional('KWOTA_TLS_CERT'),
  tlsKey: optional('KWOTA_TLS_KEY'),
  trustedProxies: list('KWOTA_TRUSTED_PROXIES'),
  publicUrls: list('KWOTA_PUBLIC_URLS'),
  ipAllowPrivate: flag('KWOTA_IP_ALLOW_PRIVATE', false),
  operatorToken: secret('KWOTA_OPERATOR_TOKEN', ''),
  firstStart: flag('KWOTA_FIRST_START', true),
  timeZone: text('KWOTA_TIME_ZONE', 'UTC'),
  sendDeadlineMs: milliseconds('KWOTA_SEND_DEADLINE_MS', 5_000),
} as const;

export const readGatewayConfig = (environment: NodeJS.ProcessEnv) => readConfig(environment, gatewaySettings);
export type GatewayConfig = ReturnType<typeof readGatewayConfig>;
