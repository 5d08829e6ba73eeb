import { findOperatorToken } from '@kwota/contracts/users.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { createHash, timingSafeEqual } from 'node:crypto';
import { GatewaySettings } from '../edge/gateway-settings.js';
import type { HttpRequest } from '../edge/http.js';
import { checkNames } from '../v6/check-names.js';
import { OvhError } from '../v6/ovh-error.js';

const rememberedMs = 10_000;

/** Bearer operator token: KWOTA_OPERATOR_TOKEN where set, else the one of the first start, of which users keeps the SHA-256. */
@Injectable()
export class OperatorGuard implements CanActivate {
  private remembered: { sha256: Buffer; untilMs: number } | undefined;

  constructor(
    private readonly requests: RequestClient,
    private readonly settings: GatewaySettings,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { headers, params } = context.switchToHttp().getRequest<HttpRequest & { params?: Record<string, string> }>();
    const given = /^Bearer (.+)$/.exec(String(headers['authorization'] ?? ''))?.[1];
    const known = given === undefined ? undefined : await this.knownSha256();
    if (!known || !timingSafeEqual(sha256(given ?? ''), known))
      throw new OvhError(401, 'The operator API needs the header Authorization: Bearer <operator token>', { class: 'Client::Unauthorized' });
    checkNames(params);
    return true;
  }

  private async knownSha256(): Promise<Buffer | undefined> {
    if (this.settings.operatorToken) return sha256(this.settings.operatorToken);
    if (this.remembered && this.remembered.untilMs > performance.now()) return this.remembered.sha256;
    const { tokenSha256 } = await this.requests.ask(findOperatorToken, {});
    if (tokenSha256 === null) return undefined;
    this.remembered = { sha256: Buffer.from(tokenSha256, 'hex'), untilMs: performance.now() + rememberedMs };
    return this.remembered.sha256;
  }
}

export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
