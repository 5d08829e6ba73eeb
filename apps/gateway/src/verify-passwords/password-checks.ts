import { authenticateUser, findUsers } from '@kwota/contracts/users.requests.v1';
import { RequestClient, ServiceUnavailable } from '@kwota/service-kit/request-client';
import { Sealing } from '@kwota/service-kit/sealing';
import { Injectable } from '@nestjs/common';
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { KnownUsers, type KnownUser } from '../known-users/known-users.projection.js';
import { SharedCounts } from '../limit-requests/shared-counts.js';
import { AttemptLimits } from './attempt-limits.js';

export type PasswordCheck = { readonly user: KnownUser } | 'bad-credentials' | 'too-many-attempts';

type RightOnce = { userId: string; digest: string; version: number; checkedAtMs: number };

type AuthenticateReply = { outcome: 'done'; userId: string; version: number } | { outcome: 'refused' };

const confirmAfterMs = 10_000;
const rememberedMax = 100_000;

/**
 * Is this the password? users is asked once; then a keyed digest of what was right is kept here, void as soon as the user changes, and
 * its version is confirmed when it is older than ten seconds, since the facts may lag (DESIGN §6).
 */
@Injectable()
export class PasswordChecks {
  private readonly key = randomBytes(32).toString('hex');
  private readonly rightOnce = new Map<string, RightOnce>();
  private readonly asked = new Map<string, Promise<AuthenticateReply>>();
  private readonly limits: AttemptLimits;

  constructor(
    private readonly knownUsers: KnownUsers,
    private readonly requests: RequestClient,
    private readonly sealing: Sealing,
    counts: SharedCounts,
  ) {
    this.limits = new AttemptLimits(counts, 'passwords');
    knownUsers.onUserChange((userId) => this.rightOnce.delete(userId));
  }

  /** @throws ServiceUnavailable when users does not answer and nothing is remembered. */
  async check(account: string, login: string, password: string, address: string): Promise<PasswordCheck> {
    const name = `${account}|${login}`;
    if (this.limits.refuses(name, address)) return 'too-many-attempts';
    const known = this.knownUsers.user(account, login);
    if (known && (await this.isRemembered(account, known, password))) {
      this.limits.succeeded(name, address);
      return { user: known };
    }
    const reply = await this.authenticate(account, login, password, address);
    if (reply.outcome === 'refused') return 'bad-credentials';
    const user = await this.userAsOf(account, login, reply);
    if (!user) return 'bad-credentials';
    this.limits.succeeded(name, address);
    this.remember({ userId: user.userId, digest: this.digest(user.userId, password), version: reply.version, checkedAtMs: performance.now() });
    return { user };
  }

  /** The same question from several calls at once is asked once, and counts before the answer: many guesses at once are as many failures. */
  private authenticate(account: string, login: string, password: string, address: string): Promise<AuthenticateReply> {
    const name = `${account}|${login}`;
    const question = this.digest(name, password);
    const before = this.asked.get(question);
    if (before) return before;
    const attempt = this.limits.failed(name, address);
    const ask = async (): Promise<AuthenticateReply> => {
      try {
        const reply = await this.requests.ask(authenticateUser, { account, login, sealedPassword: this.sealing.seal(password, name) });
        if (reply.outcome === 'done') attempt.takeBack();
        return reply;
      } catch (error) {
        attempt.takeBack();
        throw error;
      } finally {
        this.asked.delete(question);
      }
    };
    const asking = ask();
    this.asked.set(question, asking);
    return asking;
  }

  /** The user at least as new as the answer: the facts may lag, and an address taken off the list must not slip through. */
  private async userAsOf(account: string, login: string, { userId, version }: { userId: string; version: number }): Promise<KnownUser | undefined> {
    const known = this.knownUsers.user(account, login);
    if (known?.userId === userId && known.version >= version) return known;
    const found = await this.requests.ask(findUsers, { account, login });
    const current = found.outcome === 'done' ? found.users[0] : undefined;
    return current?.userId === userId ? current : undefined;
  }

  private async isRemembered(account: string, user: KnownUser, password: string): Promise<boolean> {
    const right = this.rightOnce.get(user.userId);
    if (!right || right.version !== user.version) return false;
    if (!timingSafeEqual(Buffer.from(right.digest), Buffer.from(this.digest(user.userId, password)))) return false;
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

  /** Of a key that never leaves this process, and neither does the digest: SHA-256 over both does, at a sixth of an HMAC's time, and each request pays it. */
  private digest(userId: string, password: string): string {
    return hash('sha256', `${this.key}${userId}\n${password}`, 'base64');
  }
}
