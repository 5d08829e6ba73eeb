import type { UsersEvent } from '@kwota/contracts/users.v1';
import { Injectable } from '@nestjs/common';
import { Not, type EntityManager } from 'typeorm';
import { alertEntity, forecastEntity, knownSenderEntity, knownUserEntity, recipientEntity, templatesEntity } from '../alerts.entities.js';

/** What an alert's SMS is sent from where the account has no enabled sender of its own. */
const senderOfInstallation = 'KWOTA';

/** Logins and senders from kwota.users.v1, and the end of the settings of whom it ends. */
@Injectable()
export class KnownUsersRepository {
  async learn(manager: EntityManager, fact: UsersEvent): Promise<void> {
    const { account } = fact;
    if (fact.type === 'UserChanged') {
      await manager.upsert(knownUserEntity, { userId: fact.userId, account, login: fact.login }, ['userId']);
    } else if (fact.type === 'SenderChanged') {
      await manager.upsert(knownSenderEntity, { account, sender: fact.sender, status: fact.status }, ['account', 'sender']);
    }
  }

  /** `key` as users.v1 makes it: the account, a bar, and `account`, `user:<id>` or `sender:<name>`. */
  async forget(manager: EntityManager, key: string): Promise<void> {
    const [, account = '', subject = ''] = /^([^|]*)\|(.*)$/s.exec(key) ?? [];
    if (subject.startsWith('user:')) await this.forgetUser(manager, account, subject.slice('user:'.length));
    else if (subject.startsWith('sender:')) await manager.delete(knownSenderEntity, { account, sender: subject.slice('sender:'.length) });
    else if (subject === 'account') await this.forgetAccount(manager, account);
  }

  /** What |USER| stands for: the login, or the account's name for the account itself and for a user that is gone. */
  async nameOf(manager: EntityManager, { account, userId }: { account: string; userId: string }): Promise<string> {
    const user = userId ? await manager.findOneBy(knownUserEntity, { userId }) : null;
    return user?.login ?? account;
  }

  /** The first enabled sender by name, as lists show them. */
  async senderOf(manager: EntityManager, account: string): Promise<string> {
    const first = await manager.findOne(knownSenderEntity, { where: { account, status: 'enable' }, order: { sender: 'ASC' } });
    return first?.sender ?? senderOfInstallation;
  }

  private async forgetUser(manager: EntityManager, account: string, userId: string): Promise<void> {
    for (const entity of [recipientEntity, forecastEntity]) await manager.delete(entity, { account, userId });
    await manager.delete(knownUserEntity, { userId });
    // What is under way still tells; what has ended keeps its outcome without the person.
    await manager.update(alertEntity, { account, userId, state: Not('waiting') }, { address: '' });
  }

  private async forgetAccount(manager: EntityManager, account: string): Promise<void> {
    for (const entity of [recipientEntity, forecastEntity, templatesEntity, knownUserEntity, knownSenderEntity]) await manager.delete(entity, { account });
    await manager.update(alertEntity, { account, state: Not('waiting') }, { address: '' });
  }
}
