import { requestCredential, revokeCredential } from '@kwota/contracts/owners.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Body, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { randomBytes } from 'node:crypto';
import { GatewaySettings } from '../edge/gateway-settings.js';
import type { HttpReply } from '../edge/http.js';
import { peerAddress, rangeOf } from '../edge/peer-address.js';
import { publicUrlOf } from '../edge/public-url.js';
import { ChangesMadeHere } from '../known-users/changes-made-here.js';
import { credentialRequestsPerMinuteMax, Limits } from '../limit-requests/limits.js';
import { sha256 } from '../operator/operator.guard.js';
import { OwnersClient } from '../show-owner/owners.client.js';
import { authenticationError, badRequest, OvhError } from '../v6/ovh-error.js';
import { OpenToAll, type OwnedRequest } from '../v6/owner.guard.js';
import { V6Controller } from '../v6/v6-controller.js';
import { CredentialRequested, RequestCredentialDto } from './credential.dto.js';

const applicationKeyLengthMax = 64;
/** As OVH's: 32 letters and digits; 192 bits. */
const newKey = (): string => randomBytes(24).toString('base64url');

/** OVH's way to a consumer key: asked for by an application, validated by its owner on a page (OVH.md 2.1). */
@V6Controller('auth')
export class AuthoriseOwnersController {
  constructor(
    private readonly requests: RequestClient,
    private readonly owners: OwnersClient,
    private readonly changes: ChangesMadeHere,
    private readonly settings: GatewaySettings,
    private readonly limits: Limits,
  ) {}

  @Post('credential')
  @HttpCode(200)
  @OpenToAll()
  @ApiOperation({ summary: 'Ask for a consumer key' })
  @ApiHeader({ name: 'X-Ovh-Application', required: true })
  @ApiOkResponse({ type: CredentialRequested })
  async ask(
    @Req() request: OwnedRequest,
    @Res({ passthrough: true }) reply: HttpReply,
    @Body() { accessRules, redirection, allowedIPs }: RequestCredentialDto,
  ): Promise<CredentialRequested> {
    this.limits.countRequest(`address:${peerAddress(request, this.settings.trustedProxies)}`, reply, credentialRequestsPerMinuteMax);
    const applicationKey = String(request.headers['x-ovh-application'] ?? '');
    if (!applicationKey || applicationKey.length > applicationKeyLengthMax) throw applicationUnknown();
    for (const range of allowedIPs ?? []) checkRange(range);
    const [consumerKey, token] = [newKey(), newKey()];
    const rules = accessRules.map(({ method, path }) => ({ method, path }));
    const asked = await this.requests.ask(requestCredential, {
      applicationKey,
      consumerKey,
      tokenSha256: sha256(token).toString('hex'),
      rules,
      redirection: redirection || null,
      allowedIps: allowedIPs ?? [],
    });
    if (asked.outcome === 'refused') throw applicationUnknown();
    return { consumerKey, state: 'pendingValidation', validationUrl: `${publicUrlOf(request, this.settings)}/auth/?credentialToken=${token}` };
  }

  @Get('currentCredential')
  @ApiOperation({ summary: 'The consumer key that signs' })
  async current(@Req() { owner }: OwnedRequest) {
    if (owner?.credentialId === undefined) throw noCredential();
    return this.owners.credential(owner, owner.credentialId);
  }

  @Get('details')
  @ApiOperation({ summary: 'Who asks' })
  details(@Req() { owner }: OwnedRequest) {
    return {
      account: owner?.ownerId ?? '',
      description: null,
      method: owner?.credentialId === undefined ? 'oauth2' : 'account',
      roles: [],
      user: owner?.clientId ?? null,
    };
  }

  @Post('logout')
  @HttpCode(200)
  @ApiOperation({ summary: 'End the consumer key that signs' })
  async logout(@Req() { owner }: OwnedRequest): Promise<null> {
    if (owner?.credentialId === undefined) throw noCredential();
    await this.requests.ask(revokeCredential, { credentialId: owner.credentialId });
    this.changes.tell({ kind: 'access-changed' });
    return null;
  }
}

const applicationUnknown = (): OvhError => authenticationError(403, 'INVALID_KEY', 'This application key is invalid');
const noCredential = (): OvhError => authenticationError(403, 'INVALID_CREDENTIAL', 'This credential is not valid');
const checkRange = (range: string): void => {
  try {
    rangeOf(range);
  } catch {
    throw badRequest('allowedIPs must be IP addresses or ranges, as 203.0.113.0/24');
  }
};
