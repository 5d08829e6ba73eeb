import { authenticateOauthClient } from '@kwota/contracts/users.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Sealing } from '@kwota/service-kit/sealing';
import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AccessTokens, tokenLifetimeS } from '../edge/access-tokens.js';
import type { HttpRequest } from '../edge/http.js';
import { OvhError } from './ovh-error.js';

/** OAuth2 client credentials (RFC 6749 4.4), by HTTP Basic or in the form, as OVH's clients do (OVH.md 2.2). */
@ApiTags('v6')
@Controller('auth/oauth2')
export class Oauth2TokenController {
  constructor(
    private readonly requests: RequestClient,
    private readonly sealing: Sealing,
    private readonly tokens: AccessTokens,
  ) {}

  @Post('token')
  @HttpCode(200)
  @ApiOperation({ summary: 'A Bearer token for client credentials' })
  async token(@Req() request: HttpRequest) {
    const form = new URLSearchParams(request.rawBody?.toString('utf8') ?? '');
    if (form.get('grant_type') !== 'client_credentials') throw new OvhError(400, 'grant_type must be client_credentials', { class: 'Client::BadRequest' });
    const [clientId, clientSecret] = basicCredentials(request) ?? [form.get('client_id') ?? '', form.get('client_secret') ?? ''];
    if (clientId.length > clientIdLengthMax || clientSecret.length > clientSecretLengthMax) throw clientUnknown();
    const reply = await this.requests.ask(authenticateOauthClient, { clientId, sealedClientSecret: this.sealing.seal(clientSecret, clientId) });
    if (reply.outcome === 'refused') throw clientUnknown();
    const { accounts, ownerId, secretId } = reply;
    return { access_token: this.tokens.issue({ clientId, secretId, accounts, ownerId }), token_type: 'Bearer', expires_in: tokenLifetimeS, scope: form.get('scope') ?? 'all' };
  }
}

/** The contract's limit, and one above any secret that is given out: what is longer is nobody's. */
const clientIdLengthMax = 64;
const clientSecretLengthMax = 256;

const clientUnknown = (): OvhError => new OvhError(401, 'This client is not known or its secret is wrong', { class: 'Client::Unauthorized' });

/** RFC 6749 2.3.1 encodes both; a client that did not, and has a percent sign in them, is taken at its word. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const basicCredentials = ({ headers }: HttpRequest): [string, string] | undefined => {
  const encoded = /^Basic (\S+)$/.exec(String(headers['authorization'] ?? ''))?.[1];
  if (!encoded) return undefined;
  const [clientId = '', ...secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return [decoded(clientId), decoded(secret.join(':'))];
};
