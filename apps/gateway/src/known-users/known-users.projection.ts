import { usersKeyOf, type UserChanged, type UsersEvent } from '@kwota/contracts/users.v1';
import { ServiceUnavailable } from '@kwota/service-kit/request-client';
import { normaliseNumber } from '@kwota/sms-text';
import { Injectable } from '@nestjs/common';
import { ChangesMadeHere, type ChangeMadeHere } from './changes-made-here.js';

export type KnownUser = Readonly<Pick<UserChanged, 'userId' | 'login' | 'ipRestrictions' | 'version' | 'messagesPerMinute'>>;
type KnownAccount = { usersByLogin: Map<string, KnownUser>; senders: Map<string, string> };

/** Ended users and senders are remembered until their tombstone is read, a matter of milliseconds: 10,000 are more than are ever on their way. */
const endedMax = 10_000;

/**
 * What the gateway needs to know of every account at each request, kept in memory from kwota.users.v1 and from the answers to changes that
 * it made itself. The facts lag behind those: no version replaces the same or a newer one.
 */
@Injectable()
export class KnownUsers {
  /** All that kwota.users.v1 keeps has been read: before that, what is not known here may be known there. */
  isWhole = false;
  private readonly accounts = new Map<string, KnownAccount>();
  private readonly factsByKey = new Map<string, UsersEvent>();
  private readonly ended = new Set<string>();
  private readonly listeners: ((userId: string) => void)[] = [];

  constructor(changes: ChangesMadeHere) {
    changes.onChange((change) => this.hear(change));
  }

  /** Called with each user that changed or ended. */
  onUserChange(listener: (userId: string) => void): void {
    this.listeners.push(listener);
  }

  apply(key: string, fact: UsersEvent | undefined): void {
    const before = this.factsByKey.get(key);
    if (fact && (this.ended.has(key) || (before && before.version >= fact.version))) return;
    if (before) this.take(before);
    if (!fact) {
      this.factsByKey.delete(key);
      this.ended.delete(key);
      return;
    }
    this.factsByKey.set(usersKeyOf(fact), fact);
    const account = this.accountOf(fact.account);
    if (fact.type === 'SenderChanged') account.senders.set(fact.sender.toLowerCase(), fact.status);
    if (fact.type === 'UserChanged') {
      account.usersByLogin.set(fact.login, fact);
      this.tell(fact.userId);
    }
  }

  /** @throws ServiceUnavailable while not all of them are read. */
  user(account: string, login: string): KnownUser | undefined {
    this.checkWhole();
    return this.accounts.get(account)?.usersByLogin.get(login);
  }

  /**
   * The account's enabled sender that is meant: as it was given, for upper and lower case are the same on a telephone's display; a number in
   * another spelling (0033…, a + that a query has turned into a space) as it was declared. @throws ServiceUnavailable while not all are read.
   */
  declaredSender(account: string, given: string): string | undefined {
    this.checkWhole();
    const senders = this.accounts.get(account)?.senders ?? new Map<string, string>();
    if (senders.get(given.toLowerCase()) === 'enable') return given;
    const number = normaliseNumber(given);
    if (number === undefined) return undefined;
    for (const [declared, status] of senders) if (status === 'enable' && normaliseNumber(declared) === number) return declared;
    return undefined;
  }

  private checkWhole(): void {
    if (!this.isWhole) throw new ServiceUnavailable('gateway: it is starting and does not know all users yet');
  }

  private hear(change: ChangeMadeHere): void {
    if (change.kind === 'access-changed') return;
    const { account } = change;
    switch (change.kind) {
      case 'user':
        return this.apply(`${account}|user:${change.user.userId}`, { type: 'UserChanged', account, ...change.user, ipRestrictions: [...change.user.ipRestrictions] });
      case 'user-ended':
        return this.end(`${account}|user:${change.userId}`);
      case 'sender-changed': {
        const { sender, status, version } = change;
        return this.apply(`${account}|sender:${sender}`, { type: 'SenderChanged', account, sender, status, version });
      }
      case 'sender-ended':
        return this.end(`${account}|sender:${change.sender}`);
      case 'sender': {
        const { senders } = this.accountOf(account);
        const name = change.sender.toLowerCase();
        if (!senders.has(name)) senders.set(name, 'enable');
      }
    }
  }

  /** What the facts still say of it meanwhile comes before its tombstone, and changes nothing. */
  private end(key: string): void {
    const before = this.factsByKey.get(key);
    if (before) this.take(before);
    this.factsByKey.delete(key);
    if (this.ended.size >= endedMax) this.ended.clear();
    this.ended.add(key);
  }

  private accountOf(name: string): KnownAccount {
    const known = this.accounts.get(name) ?? { usersByLogin: new Map(), senders: new Map() };
    this.accounts.set(name, known);
    return known;
  }

  private take(fact: UsersEvent): void {
    const account = this.accountOf(fact.account);
    if (fact.type === 'SenderChanged') account.senders.delete(fact.sender.toLowerCase());
    if (fact.type === 'UserChanged' && account.usersByLogin.get(fact.login)?.userId === fact.userId) {
      account.usersByLogin.delete(fact.login);
      this.tell(fact.userId);
    }
  }

  private tell(userId: string): void {
    for (const listener of this.listeners) listener(userId);
  }
}
