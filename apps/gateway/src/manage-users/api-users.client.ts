import { findCallbacks, setCallbacks } from '@kwota/contracts/dlr.requests.v1';
import { closeUser, openUser, setQuota, showUsers } from '@kwota/contracts/ledger.requests.v1';
import { createUser, deleteUser, findUsers, updateUser, type UserView } from '@kwota/contracts/users.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Sealing } from '@kwota/service-kit/sealing';
import { Injectable } from '@nestjs/common';
import { milliCreditsOf, shownCredits } from '../edge/credits.js';
import { GatewaySettings } from '../edge/gateway-settings.js';
import { isPublicAddress, normalisedAddress } from '../edge/peer-address.js';
import { ChangesMadeHere } from '../known-users/changes-made-here.js';
import { AlertsClient, shownThreshold } from '../manage-alerts/alerts.client.js';
import type { NewNames } from '../repeat-calls/new-names.js';
import { badRequest, callbackRefused, conflict, objectUnknown, OvhError, serviceUnknown } from '../v6/ovh-error.js';
import type { ApiUserView, ChangeApiUserDto, CreateApiUserDto, QuotaDto } from './api-user.dto.js';

/** What the account and the user's quota would have left. */
export type WeighedChange = Readonly<{ creditsLeft?: number; quotaLeft?: number }>;

/** An API user as OVH shows it, put together from the four services that own its parts, and a change split among them (DESIGN §1). */
@Injectable()
export class ApiUsersClient {
  constructor(
    private readonly requests: RequestClient,
    private readonly sealing: Sealing,
    private readonly settings: GatewaySettings,
    private readonly changes: ChangesMadeHere,
    private readonly alerts: AlertsClient,
  ) {}

  async logins(account: string): Promise<string[]> {
    return (await this.find(account)).map(({ login }) => login);
  }

  /** The ledger knows the userId before users gives it a login, so that nobody can log in and find no credit. */
  async create(account: string, { login, password }: CreateApiUserDto, names: NewNames): Promise<void> {
    const userId = `u-${names('user', 9).toString('base64url')}`;
    const opened = await this.requests.ask(openUser, { account, userId });
    if (opened.outcome === 'refused') throw refusalOf(opened.code);
    const created = await this.requests.ask(createUser, { account, userId, login, sealedPassword: this.sealing.seal(password, userId) });
    if (created.outcome === 'done') return this.changes.tell({ kind: 'user', account, user: { userId, login, ipRestrictions: [], version: 1 } });
    await this.requests.ask(closeUser, { account, userId });
    throw refusalOf(created.code);
  }

  async show(account: string, login: string): Promise<ApiUserView> {
    const user = await this.one(account, login);
    const [credit, callbacks, recipient] = await Promise.all([
      this.requests.ask(showUsers, { account, userIds: [user.userId] }),
      this.requests.ask(findCallbacks, { account }),
      this.alerts.recipientOf(account, user.userId),
    ]);
    const money = credit.outcome === 'done' ? credit.users.find(({ userId }) => userId === user.userId) : undefined;
    const callback = callbacks.callbacks.find(({ userId }) => userId === user.userId);
    return {
      login,
      password: '',
      quotaInformations: {
        quotaLeft: money?.quotaActive ? shownCredits(money.leftMilliCredits) : 0,
        quotaStatus: money?.quotaActive ? 'active' : 'inactive',
      },
      alertThresholdInformations: { ...recipient, alertThreshold: shownThreshold(money?.thresholdMilliCredits) },
      ipRestrictions: user.ipRestrictions,
      callBack: callback?.callBack ?? null,
      stopCallBack: callback?.stopCallBack ?? null,
    };
  }

  /** Says what the same change would be refused for, and, with a quota in it, what would be left; nothing changes. */
  async weigh(account: string, login: string, change: ChangeApiUserDto): Promise<WeighedChange> {
    return this.apply(account, login, change, [true]);
  }

  /** Every part is validated before the first is changed; each part may run twice. */
  async change(account: string, login: string, change: ChangeApiUserDto): Promise<void> {
    await this.apply(account, login, change, [true, false]);
  }

  private async apply(account: string, login: string, change: ChangeApiUserDto, runs: readonly boolean[]): Promise<WeighedChange> {
    const ipRestrictions = change.ipRestrictions ? this.addresses(change.ipRestrictions) : undefined;
    const { userId, ipRestrictions: addressesBefore, messagesPerMinute: limitBefore } = await this.one(account, login);
    // 0 takes the limit away, as null would be left out.
    const messagesPerMinute = change.messagesPerMinute == null ? undefined : change.messagesPerMinute || null;
    const { quotaInformations: quota, alertThresholdInformations: alert } = change;
    // null and an empty text are what clients send for what they leave out.
    const password = change.password || undefined;
    const callbacks = this.callbacksOf(change);
    if (alert) this.alerts.check(alert);

    let weighed: WeighedChange = {};
    for (const dryRun of runs) {
      // Before the threshold: one at or above what is left fires at once, and somebody must be there to be told.
      if (alert && !dryRun) await this.alerts.setRecipient(account, userId, alert);
      if (quota) weighed = await this.setQuota(account, userId, quota, dryRun);
      if (alert) await this.alerts.setThreshold(account, userId, alert, dryRun);
      if (callbacks) await this.setCallbacks(account, userId, callbacks, dryRun);
    }
    if (!runs.includes(false) || (password === undefined && ipRestrictions === undefined && messagesPerMinute === undefined)) return weighed;
    const updated = await this.requests.ask(updateUser, {
      account,
      userId,
      ...(password === undefined ? {} : { sealedPassword: this.sealing.seal(password, userId) }),
      ...(ipRestrictions === undefined ? {} : { ipRestrictions }),
      ...(messagesPerMinute === undefined ? {} : { messagesPerMinute }),
    });
    if (updated.outcome === 'refused') throw objectUnknown();
    const limit = messagesPerMinute === undefined ? limitBefore : messagesPerMinute;
    this.changes.tell({
      kind: 'user',
      account,
      user: { userId, login, ipRestrictions: ipRestrictions ?? addressesBefore, version: updated.version, ...(limit == null ? {} : { messagesPerMinute: limit }) },
    });
    return weighed;
  }

  async delete(account: string, login: string): Promise<void> {
    const { userId } = await this.one(account, login);
    await this.requests.ask(closeUser, { account, userId });
    await this.requests.ask(deleteUser, { account, userId });
    this.changes.tell({ kind: 'user-ended', account, userId });
  }

  /** @throws OvhError 404 for an unknown login. */
  async one(account: string, login: string): Promise<UserView> {
    const [user] = await this.find(account, login);
    if (!user) throw objectUnknown();
    return user;
  }

  private async find(account: string, login?: string): Promise<UserView[]> {
    const found = await this.requests.ask(findUsers, { account, ...(login === undefined ? {} : { login }) });
    if (found.outcome === 'refused') throw serviceUnknown();
    return found.users;
  }

  private async setQuota(account: string, userId: string, { quotaLeft, quotaStatus }: QuotaDto, dryRun: boolean): Promise<WeighedChange> {
    const active = quotaStatus === 'active';
    const leftMilliCredits = active ? milliCreditsOf(quotaLeft) : 0;
    if (leftMilliCredits === undefined) throw badRequest('quotaInformations.quotaLeft must be an amount with at most three decimals');
    const reply = await this.requests.ask(setQuota, { account, userId, active, leftMilliCredits, dryRun });
    if (reply.outcome === 'done') {
      const { poolMilliCredits: pool, leftMilliCredits: left } = reply;
      return pool === undefined || left === undefined ? {} : { creditsLeft: shownCredits(pool), quotaLeft: active ? shownCredits(left) : 0 };
    }
    if (reply.code === 'quota-above-pool')
      throw badRequest(`quotaInformations.quotaLeft must not be greater than ${shownCredits(reply.largestMilliCredits ?? 0)}`);
    throw refusalOf(reply.code);
  }

  private async setCallbacks(account: string, userId: string, callbacks: CallbackChange, dryRun: boolean): Promise<void> {
    const reply = await this.requests.ask(setCallbacks, { account, userId, ...callbacks, dryRun });
    if (reply.outcome === 'done') return;
    throw callbackRefused(reply.field, reply.code);
  }

  private callbacksOf({ callBack, stopCallBack }: ChangeApiUserDto): CallbackChange | undefined {
    if (callBack === undefined && stopCallBack === undefined) return undefined;
    return {
      ...(callBack === undefined ? {} : { callBack: callBack || null }),
      ...(stopCallBack === undefined ? {} : { stopCallBack: stopCallBack || null }),
    };
  }

  /** OVH.md 9: public, distinct once written the same way; blanks are dropped as the panel does. */
  private addresses(given: readonly string[]): string[] {
    const addresses = given.filter((address) => address.trim() !== '').map((address) => {
      const normalised = normalisedAddress(address.trim());
      if (normalised === undefined) throw badRequest('ipRestrictions must be IP addresses');
      if (!this.settings.ipAllowPrivate && !isPublicAddress(normalised)) throw badRequest('ipRestrictions must be public addresses');
      return normalised;
    });
    if (new Set(addresses).size !== addresses.length) throw badRequest('ipRestrictions must be different addresses');
    return addresses;
  }
}

type CallbackChange = { callBack?: string | null; stopCallBack?: string | null };

const refusalOf = (code: string): OvhError => {
  switch (code) {
    case 'account-unknown':
      return serviceUnknown();
    case 'login-taken':
      return conflict('This login already exists');
    case 'too-many-users':
      return badRequest('The account has its 10,000 users already');
    case 'user-unknown':
    case 'user-closed':
      return objectUnknown();
    default:
      return badRequest(`Refused: ${code}`);
  }
};
