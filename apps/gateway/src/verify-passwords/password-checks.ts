import { authenticateUser, findUsers } from '@kwota/contracts/users.requests.v1';
import { RequestClient, ServiceUnavailable } from '@kwota/service-kit/request-client';
import { Sealing } from '@kwota/service-kit/sealing';
import { Injectable } from '@nestjs/common';
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { KnownUsers, type KnownUser } from '../known-users/known-users.projection.js';
import { AttemptLimits } from './attempt-limits.js';

export type PasswordCheck = { readonly user: KnownUser } | 'bad-credentials' | 'too-many-attempts';

type RightOnce = { userId: string; digest: Buffer; version: number; checkedAtMs: number };

const confirmAfterMs = 10_000;
const rememberedMax = 100_000;

/**
 * Is this the password? users is asked once; then a keyed digest of what was right is kept here, void as soon as the user changes, and
 * its version is confirmed when it is older than ten seconds, since the facts may lag (DESIGN §6).
 */
@Injectable()
export class PasswordChecks {
  private readonly key = randomBytes(32);
  private readonly rightOnce = new Map<string, RightOnce>();
  private readonly limits = new AttemptLimits(() => performance.now());

  constructor(
    private readonly knownUsers: KnownUsers,
    private readonly requests: RequestClient,
    private readonly sealing: Sealing,
  ) {
    knownUsers.onUserChange((userId) => this.rightOnce.delete(userId));
  }

  /** @throws ServiceUnavailable when users does not answer and nothing is remembered. */
  async check(account: string, login: string, password: string, address: string): Promise<PasswordCheck> {
    const name = `${account}|${login}`;
    if (this.limits.refuses(name, address)) return 'too-many-attempts';
    const user = this.knownUsers.user(account, login);
    if (user && (await this.isRemembered(account, user, password))) {
      this.limits.succeeded(name, address);
      return { user };
    }
    const reply = await this.requests.ask(authenticateUser, { account, login, sealedPassword: this.sealing.seal(password, name) });
    const known = this.knownUsers.user(account, login);
    if (reply.outcome === 'refused' || !known || known.userId !== reply.userId) {
      this.limits.failed(name, address);
      return 'bad-credentials';
    }
    this.limits.succeeded(name, address);
    this.remember({ userId: known.userId, digest: this.digest(known.userId, password), version: reply.version, checkedAtMs: performance.now() });
    return { user: known };
  }

  private async isRemembered(account: string, user: KnownUser, password: string): Promise<boolean> {
    const right = this.rightOnce.get(user.userId);
    if (!right || right.version !== user.version) return false;
    if (!timingSafeEqual(right.digest, this.digest(user.userId, password))) return false;
    if (performance.now() - right.checkedAtMs < confirmAfterMs) return true;
    return this.confirm(account, user, right);
  }

  private async confirm(account: string, user: KnownUser, right: RightOnce): Promise<boolean> {
    // Set first, so that one request asks for all that come meanwhile.
    right.checkedAtMs = performance.now();
    try {
      const reply = await this.requests.ask(findUsers, { account, login: user.login });
      const current = reply.outcome === 'done' ? reply.users[0] : undefined;
      if (current?.userId === user.userId && current.version === right.version) return true;
      this.rightOnce.delete(user.userId);
      return false;
    } catch (error) {
      // While users is away nothing can change there: what was right still is.
      if (error instanceof ServiceUnavailable) return true;
      throw error;
    }
  }

  private remember(right: RightOnce): void {
    this.rightOnce.set(right.userId, right);
    if (this.rightOnce.size > rememberedMax) this.rightOnce.delete(this.rightOnce.keys().next().value ?? '');
  }

  private digest(userId: string, password: string): Buffer {
    return createHmac('sha256', this.key).update(`${userId}\n${password}`).digest();
  }
}
