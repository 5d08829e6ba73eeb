import { identifyOperator, type OperatorRole } from '@kwota/contracts/owners.requests.v1';
import { findOperatorToken } from '@kwota/contracts/users.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { createHash, timingSafeEqual } from 'node:crypto';
import { GatewaySettings } from '../edge/gateway-settings.js';
import type { HttpReply, HttpRequest } from '../edge/http.js';
import { peerAddress } from '../edge/peer-address.js';
import { Remembered } from '../edge/remembered.js';
import { ChangesMadeHere } from '../known-users/changes-made-here.js';
import { Limits } from '../limit-requests/limits.js';
import { checkNames } from '../v6/check-names.js';
import { OvhError } from '../v6/ovh-error.js';

const tokenMissing = 'The operator API needs the header Authorization: Bearer <operator token>';
const tokenWrong = 'This operator token is not valid';

export type Operator = Readonly<{ name: string; role: OperatorRole }>;
export type OperatedRequest = HttpRequest & { operator?: Operator & { by: string } };

/** Bearer operator token: KWOTA_OPERATOR_TOKEN where set, else the one of the first start; or an operator's own. Of all users keeps the SHA-256. */
@Injectable()
export class OperatorGuard implements CanActivate {
  private readonly remembered = new Remembered<Operator>();

  constructor(
    private readonly requests: RequestClient,
    private readonly settings: GatewaySettings,
    private readonly limits: Limits,
    changes: ChangesMadeHere,
  ) {
    changes.onChange(({ kind }) => kind === 'access-changed' && this.remembered.forgetAll());
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<OperatedRequest & { params?: Record<string, string> }>();
    const given = /^Bearer (.+)$/.exec(String(request.headers['authorization'] ?? ''))?.[1];
    const operator = await this.limits.identify(peerAddress(request, this.settings.trustedProxies), async () => {
      const found = given === undefined ? undefined : await this.operatorOf(sha256(given));
      if (!found) throw new OvhError(401, given === undefined ? tokenMissing : tokenWrong, { class: 'Client::Unauthorized' });
      return found;
    });
    this.limits.countRequest(`operator:${operator.name}`, http.getResponse<HttpReply>());
    if (operator.role === 'auditor' && request.method !== 'GET') throw new OvhError(403, 'An auditor may read, and change nothing', { class: 'Client::Forbidden' });
    checkNames(request.params);
    request.operator = { ...operator, by: `operator:${operator.name}` };
    return true;
  }

  private async operatorOf(tokenSha256: Buffer): Promise<Operator | undefined> {
    const { operatorToken } = this.settings;
    if (operatorToken && timingSafeEqual(tokenSha256, sha256(operatorToken))) return first;
    const name = tokenSha256.toString('hex');
    return this.remembered.find(name, () => this.ask(name));
  }

  /** The first operator's token is asked for as services of the version before understand it. */
  private async ask(tokenSha256: string): Promise<Operator | undefined> {
    if (!this.settings.operatorToken) {
      const { tokenSha256: known } = await this.requests.ask(findOperatorToken, {});
      if (known !== null && timingSafeEqual(Buffer.from(known, 'hex'), Buffer.from(tokenSha256, 'hex'))) return first;
    }
    const found = await this.requests.ask(identifyOperator, { tokenSha256 });
    // Where the environment names the first token, the one of the first start is void.
    if (found.outcome === 'refused' || found.name === first.name) return undefined;
    return { name: found.name, role: found.role };
  }
}

const first: Operator = { name: 'first', role: 'admin' };

export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
