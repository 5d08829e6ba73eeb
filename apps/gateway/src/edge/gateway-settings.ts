import type { GatewayConfig } from '../gateway.config.js';

/** The configuration as Nest hands it round. */
export class GatewaySettings {
  readonly sendDeadlineMs: number;
  readonly publicUrls: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly ipAllowPrivate: boolean;
  readonly timeZone: string;
  /** The number that messages with senderForResponse come from. */
  readonly responseSender: string;
  /** Of one owner or operator, in a minute. */
  readonly requestsPerMinute: number;
  /** Empty: the one of the first start counts. */
  readonly operatorToken: string;

  constructor({ sendDeadlineMs, publicUrls, trustedProxies, ipAllowPrivate, timeZone, responseSender, requestsPerMinute, operatorToken }: GatewayConfig) {
    this.sendDeadlineMs = sendDeadlineMs;
    this.publicUrls = publicUrls;
    this.trustedProxies = trustedProxies;
    this.ipAllowPrivate = ipAllowPrivate;
    this.timeZone = timeZone;
    this.responseSender = responseSender;
    this.requestsPerMinute = requestsPerMinute;
    this.operatorToken = operatorToken;
  }
}
