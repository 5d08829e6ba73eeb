import { usersKeyOf, type UserChanged, type UsersEvent } from '@kwota/contracts/users.v1';
import { ServiceUnavailable } from '@kwota/service-kit/request-client';
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

  /** Upper and lower case are the same sender, as on a telephone's display. @throws ServiceUnavailable while not all of them are read. */
  maySend(account: string, sender: string): boolean {
    this.checkWhole();
    return this.accounts.get(account)?.senders.get(sender.toLowerCase()) === 'enable';
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
