import { usersKeyOf, type UserChanged } from '@kwota/contracts/users.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { Sealing } from '@kwota/service-kit/sealing';
import { Injectable } from '@nestjs/common';
import { PasswordHashes } from '../authenticate-users/password-hashes.js';
import { UsersFactsPublisher } from '../users-facts.publisher.js';
import { accountEntity, apiUserEntity, type ApiUserRow } from '../users.entities.js';

export type CreateUser = { account: string; userId: string; login: string; sealedPassword: string };
export type UpdateUser = { account: string; userId: string; sealedPassword?: string; ipRestrictions?: string[]; messagesPerMinute?: number | null };

/** DESIGN §7. */
export const usersPerAccountMax = 10_000;

@Injectable()
export class ManageApiUsersHandler {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly facts: UsersFactsPublisher,
    private readonly sealing: Sealing,
    private readonly passwords: PasswordHashes,
  ) {}

  async create({ account, userId, login, sealedPassword }: CreateUser) {
    const passwordHash = await this.passwords.hash(this.sealing.open(sealedPassword, userId));
    const result = await this.database.transaction(async (manager) => {
      if (!(await manager.existsBy(accountEntity, { account }))) return { outcome: 'refused', code: 'account-unknown' };
      const holder = await manager.findOneBy(apiUserEntity, { account, login });
      if (holder?.userId === userId) return { outcome: 'done', userId };
      if (holder) return { outcome: 'refused', code: 'login-taken' };
      if ((await manager.countBy(apiUserEntity, { account })) >= usersPerAccountMax) return { outcome: 'refused', code: 'too-many-users' };
      const user: ApiUserRow = { userId, account, login, passwordHash, ipRestrictions: [], version: 1, messagesPerMinute: null };
      await manager.insert(apiUserEntity, user);
      await this.facts.changed(manager, factOf(user));
      return { outcome: 'done', userId };
    });
    this.facts.relay();
    return result;
  }

  find({ account, login }: { account: string; login?: string }) {
    return this.database.read(async (manager) => {
      if (!(await manager.existsBy(accountEntity, { account }))) return { outcome: 'refused', code: 'account-unknown' };
      const rows = await manager.find(apiUserEntity, { where: { account, ...(login === undefined ? {} : { login }) }, order: { login: 'ASC' } });
      return {
        outcome: 'done',
        users: rows.map(({ userId, login: name, ipRestrictions, version, messagesPerMinute }) => ({ userId, login: name, ipRestrictions, version, messagesPerMinute })),
      };
    });
  }

  async update({ account, userId, sealedPassword, ipRestrictions, messagesPerMinute }: UpdateUser) {
    const passwordHash = sealedPassword === undefined ? undefined : await this.passwords.hash(this.sealing.open(sealedPassword, userId));
    const result = await this.database.transaction(async (manager) => {
      const user = await manager.findOneBy(apiUserEntity, { account, userId });
      if (!user) return { outcome: 'refused', code: 'user-unknown' };
      const changed: ApiUserRow = {
        ...user,
        passwordHash: passwordHash ?? user.passwordHash,
        ipRestrictions: ipRestrictions ?? user.ipRestrictions,
        messagesPerMinute: messagesPerMinute === undefined ? user.messagesPerMinute : messagesPerMinute,
        version: user.version + 1,
      };
      await manager.save(apiUserEntity, changed);
      await this.facts.changed(manager, factOf(changed));
      return { outcome: 'done', version: changed.version };
    });
    this.facts.relay();
    return result;
  }

  async delete({ account, userId }: { account: string; userId: string }) {
    await this.database.transaction(async (manager) => {
      const user = await manager.findOneBy(apiUserEntity, { account, userId });
      if (!user) return;
      await manager.delete(apiUserEntity, { userId });
      await this.facts.ended(manager, usersKeyOf(factOf(user)));
    });
    this.facts.relay();
    return { outcome: 'done' };
  }
}

const factOf = ({ account, userId, login, ipRestrictions, version, messagesPerMinute }: ApiUserRow): UserChanged => ({
  type: 'UserChanged',
  account,
  userId,
  login,
  ipRestrictions,
  version,
  ...(messagesPerMinute === null ? {} : { messagesPerMinute }),
});
