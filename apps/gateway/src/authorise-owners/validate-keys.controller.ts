import { findCredentialRequest, validateCredential } from '@kwota/contracts/owners.requests.v1';
import { changes } from '@kwota/contracts/changes.v1';
import { Messaging } from '@kwota/messaging';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Sealing } from '@kwota/service-kit/sealing';
import { Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { randomUUID } from 'node:crypto';
import { GatewayLog } from '../edge/gateway-log.js';
import { GatewaySettings } from '../edge/gateway-settings.js';
import type { HttpReply, HttpRequest } from '../edge/http.js';
import { peerAddress } from '../edge/peer-address.js';
import { SharedCounts } from '../limit-requests/shared-counts.js';
import { sha256 } from '../operator/operator.guard.js';
import { noAccount } from '../trail-changes/trail-changes.interceptor.js';
import { AttemptLimits } from '../verify-passwords/attempt-limits.js';
import { askPage, endPage, validities, type PageOf } from './validation.page.js';

/** The contract's limits. */
const ownerIdForm = /^[a-z0-9][a-z0-9-]{1,39}$/;
const passwordLengthMax = 200;
const tokenLengthMax = 100;

/** The page on which an owner validates a consumer key (OVH.md 2.1). Its address is a secret of the application; the password is the owner's. */
@ApiExcludeController()
@Controller('auth')
export class ValidateKeysController {
  private readonly limits: AttemptLimits;

  constructor(
    private readonly requests: RequestClient,
    private readonly sealing: Sealing,
    private readonly settings: GatewaySettings,
    private readonly messaging: Messaging,
    private readonly log: GatewayLog,
    counts: SharedCounts,
  ) {
    this.limits = new AttemptLimits(counts, 'owners');
  }

  @Get()
  async show(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    const token = new URL(request.raw.url ?? '', 'http://here').searchParams.get('credentialToken') ?? '';
    await this.answer(reply, token);
  }

  @Post()
  @HttpCode(200)
  async decide(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    const form = new URLSearchParams(request.rawBody?.toString('utf8') ?? '');
    const given = (name: string): string => form.get(name) ?? '';
    const [token, ownerId, password] = [given('credentialToken'), given('owner'), given('password')];
    const address = peerAddress(request, this.settings.trustedProxies);
    if (this.limits.refuses(ownerId, address)) return this.answer(reply, token, { owner: ownerId, fault: 'Too many wrong passwords, try again in a minute' }, 429);
    const wrong = { owner: ownerId, fault: 'The owner or the password is wrong' };
    if (!ownerIdForm.test(ownerId) || password === '' || password.length > passwordLengthMax) return this.answer(reply, token, wrong, 401);
    const duration = validities.find(([seconds]) => seconds === given('duration'))?.[0] ?? '3600';
    const attempt = this.limits.failed(ownerId, address);
    const decided = await this.requests.ask(validateCredential, {
      tokenSha256: sha256(token.slice(0, tokenLengthMax)).toString('hex'),
      ownerId,
      sealedPassword: this.sealing.seal(password, ownerId),
      granted: given('decision') === 'grant',
      expiresAtMs: duration === '' ? null : Date.now() + Number(duration) * 1_000,
    });
    if (decided.outcome === 'refused' && decided.code === 'bad-credentials') return this.answer(reply, token, wrong, 401);
    attempt.takeBack();
    this.limits.succeeded(ownerId, address);
    if (decided.outcome === 'refused') return this.answer(reply, token);
    await this.trail(ownerId, given('decision') === 'grant');
    if (decided.redirection !== null) return void reply.status(302).header('location', decided.redirection).send('');
    this.send(reply, 200, endPage(given('decision') === 'grant' ? 'The key is valid now. You may close this page.' : 'The key is refused.'));
  }

  /** Who it is that decides is known when it is done: anybody may try passwords here, and none of them belongs in the trail. */
  private async trail(ownerId: string, isGranted: boolean): Promise<void> {
    const changeId = randomUUID();
    const common = { account: noAccount, changeId, by: `owner:${ownerId}`, atMs: Date.now() };
    const asked = { type: 'ChangeAsked' as const, ...common, action: 'POST /auth', subjects: [isGranted ? 'grant' : 'refuse'], fields: [] };
    const ended = { type: 'ChangeEnded', ...common, outcome: 'done', httpStatus: 200 } as const;
    const told = [changes.message(asked, { id: `${changeId}@asked`, source: 'kwota/gateway' }), changes.message(ended, { id: `${changeId}@ended`, source: 'kwota/gateway' })];
    await this.messaging.publish(told).catch(() => this.log.error({ changeId }, 'a decision on a key is not in the trail'));
  }

  private async answer(reply: HttpReply, token: string, attempt: Pick<PageOf, 'owner' | 'fault'> = {}, status = 200): Promise<void> {
    const known = token.length > 0 && token.length <= tokenLengthMax;
    const found = known ? await this.requests.ask(findCredentialRequest, { tokenSha256: sha256(token).toString('hex') }) : undefined;
    if (found?.outcome !== 'done' || found.status !== 'pendingValidation') return this.send(reply, 404, endPage('This request is not known, or has been decided already.'));
    this.send(reply, status, askPage({ token, applicationName: found.applicationName, rules: found.rules, redirection: found.redirection, ...attempt }));
  }

  /** Neither framed, nor kept, nor told to whoever is linked from it. */
  private send(reply: HttpReply, status: number, html: string): void {
    reply
      .status(status)
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
      .header('cache-control', 'no-store')
      .header('referrer-policy', 'no-referrer')
      .send(html);
  }
}
