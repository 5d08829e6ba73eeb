import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AccessTokens } from '../edge/access-tokens.js';
import { GatewaySettings } from '../edge/gateway-settings.js';
import type { HttpReply, HttpRequest } from '../edge/http.js';
import { Limits } from '../limit-requests/limits.js';
import { isInRanges, peerAddress } from '../edge/peer-address.js';
import { isGranted } from './access-rules.js';
import { batchOf, type BatchedCall } from './batch.js';
import { checkNames } from './check-names.js';
import { authenticationError, OvhError, serviceUnknown } from './ovh-error.js';
import { OauthClients } from './oauth-clients.js';
import { OwnerCredentials } from './owner-credentials.js';
import { isSignedBy, urlsAsWritten } from './signature.js';

/** Whose accounts a call may see, and who makes it: by a consumer key or by an OAuth2 client. */
export type Owner = Readonly<{
  accounts: readonly string[];
  ownerId?: string | undefined;
  credentialId?: number;
  clientId?: string;
  /** As the trail of changes names him. */
  by: string;
}>;
export type OwnedRequest = HttpRequest & { owner?: Owner; params?: Readonly<Record<string, string>>; batch?: readonly BatchedCall[] };

const openToAll = 'kwota:open-to-all';
/** For the few routes without authentication. */
export const OpenToAll = (): MethodDecorator => SetMetadata(openToAll, true);

/** The contract's limit: a longer one is nobody's. */
const keyLengthMax = 64;

/** Clients set their clock by /auth/time; more than this is a replay or a broken clock. */
const timestampToleranceS = 300;

/** OVH's application-key signature, or a Bearer token of OAuth2 (OVH.md 2.1, 2.2); then the access rules, then the account. */
@Injectable()
export class OwnerGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly credentials: OwnerCredentials,
    private readonly tokens: AccessTokens,
    private readonly clients: OauthClients,
    private readonly settings: GatewaySettings,
    private readonly limits: Limits,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.get<boolean>(openToAll, context.getHandler())) return true;
    const request = context.switchToHttp().getRequest<OwnedRequest>();
    const bearer = /^Bearer (.+)$/.exec(header(request, 'authorization'))?.[1];
    const address = peerAddress(request, this.settings.trustedProxies);
    const owner = await this.limits.identify(address, () => (bearer ? this.ownerOfToken(bearer) : this.ownerOfSignature(request, address)));
    this.limits.countRequest(owner.by, context.switchToHttp().getResponse<HttpReply>());
    const params = request.params ?? {};
    const batch = batchOf(header(request, 'x-ovh-batch'), request.method, params);
    for (const call of batch ?? [{ params }]) {
      const account = call.params['serviceName'];
      checkNames(call.params);
      if (account !== undefined && !owner.accounts.includes(account)) throw serviceUnknown();
    }
    if (batch) request.batch = batch;
    request.owner = owner;
    return true;
  }

  private async ownerOfToken(token: string): Promise<Owner> {
    const holder = this.tokens.read(token);
    const client = holder && (await this.clients.find(holder));
    if (!client) throw new OvhError(401, 'This token is not valid', { class: 'Client::Unauthorized' });
    const { accounts, ownerId } = client;
    return { accounts, ownerId, clientId: holder.clientId, by: `client:${holder.clientId}` };
  }

  private async ownerOfSignature(request: OwnedRequest, address: string): Promise<Owner> {
    const applicationKey = header(request, 'x-ovh-application');
    const consumerKey = header(request, 'x-ovh-consumer');
    const signature = header(request, 'x-ovh-signature');
    const timestamp = header(request, 'x-ovh-timestamp');
    if (!applicationKey) throw authenticationError(403, 'INVALID_KEY', 'This application key is invalid');
    if (applicationKey.length > keyLengthMax) throw authenticationError(403, 'INVALID_KEY', 'This application key is invalid');
    if (consumerKey.length > keyLengthMax) throw authenticationError(403, 'INVALID_CREDENTIAL', 'This credential is not valid');
    if (!consumerKey) throw authenticationError(403, 'NOT_CREDENTIAL', 'You must login first');
    const credential = await this.credentials.find(applicationKey, consumerKey);
    if (!/^\d{1,12}$/.test(timestamp) || Math.abs(Number(timestamp) - Date.now() / 1_000) > timestampToleranceS)
      throw authenticationError(400, 'QUERY_TIME_OUT', 'Query out of time');

    const pathAndQuery = request.raw.url ?? '';
    const urls = urlsAsWritten(header(request, 'host'), pathAndQuery, this.settings.publicUrls);
    const call = { consumerKey, method: request.method, body: request.rawBody ?? Buffer.alloc(0), timestamp };
    const isSigned = credential.applicationSecrets.some((applicationSecret) => isSignedBy(signature, { ...call, applicationSecret }, urls));
    if (!isSigned) throw authenticationError(400, 'INVALID_SIGNATURE', 'Invalid signature');
    const path = (pathAndQuery.split('?')[0] ?? '').replace(/^\/(?:1\.0|v1)/, '');
    if (!isGranted(credential.rules, request.method, path)) throw authenticationError(403, 'NOT_GRANTED_CALL', 'This call has not been granted');
    const { accounts, ownerId, credentialId, allowedIps } = credential;
    if (allowedIps.length > 0 && !isInRanges(address, allowedIps))
      throw authenticationError(403, 'NOT_GRANTED_CALL', 'This call has not been granted');
    return { accounts, ownerId, credentialId, by: `credential:${credentialId}` };
  }
}

const header = (request: HttpRequest, name: string): string => {
  const value = request.headers[name];
  return Array.isArray(value) ? (value[0] ?? '') : (value ?? '');
};
