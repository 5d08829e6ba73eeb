import { createHmac, timingSafeEqual } from 'node:crypto';

/** OAuth2's `expires_in`, as OVH's. */
export const tokenLifetimeS = 3_599;

/** `accounts` and `ownerId` are for gateways of the version before: what a token opens is asked for when it is used. */
export type TokenHolder = Readonly<{ clientId: string; secretId?: string | undefined; accounts: readonly string[]; ownerId?: string | undefined }>;

/** Bearer tokens that say who holds them and for which secret they were given, signed (HMAC-SHA-256) under a key that all gateways derive from KWOTA_SECRET_KEY. */
export class AccessTokens {
  constructor(
    private readonly key: Buffer,
    private readonly nowMs: () => number,
  ) {}

  issue(holder: TokenHolder): string {
    const body = Buffer.from(JSON.stringify({ ...holder, untilMs: this.nowMs() + tokenLifetimeS * 1_000 })).toString('base64url');
    return `${body}.${this.sign(body)}`;
  }

  /** Whose it is, or undefined for a token that is forged, cut or over its time. */
  read(token: string): TokenHolder | undefined {
    const [body = '', signature = ''] = token.split('.');
    const given = Buffer.from(signature);
    const right = Buffer.from(this.sign(body));
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    const { untilMs, ...holder } = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as TokenHolder & { untilMs: number };
    return untilMs > this.nowMs() ? holder : undefined;
  }

  private sign(body: string): string {
    return createHmac('sha256', this.key).update(body).digest('base64url');
  }
}
