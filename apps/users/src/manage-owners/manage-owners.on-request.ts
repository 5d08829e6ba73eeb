import { deleteOwner, listOwners, saveOwner } from '@kwota/contracts/owners.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Sealing } from '@kwota/service-kit/sealing';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { In } from 'typeorm';
import { PasswordHashes } from '../authenticate-users/password-hashes.js';
import type { ReplyOf, RequestOf } from '../requests.js';
import { accountEntity, applicationEntity, consumerKeyEntity, oauthClientEntity, ownerEntity, type OwnerRow } from '../users.entities.js';

/** Owners, who may have several accounts; an account may have several owners. */
@Controller()
export class ManageOwnersOnRequest {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly sealing: Sealing,
    private readonly passwords: PasswordHashes,
  ) {}

  @OnRequest(saveOwner)
  async save(@Payload() { ownerId, sealedPassword, email, firstname, name, accounts }: RequestOf<typeof saveOwner>): Promise<ReplyOf<typeof saveOwner>> {
    const passwordHash = sealedPassword === undefined ? undefined : await this.passwords.hash(this.sealing.open(sealedPassword, ownerId));
    return this.database.transaction(async (manager) => {
      if (accounts && (await manager.countBy(accountEntity, { account: In(accounts) })) < new Set(accounts).size) return { outcome: 'refused', code: 'account-unknown' };
      const before = await manager.findOneBy(ownerEntity, { ownerId });
      const owner: OwnerRow = {
        ownerId,
        email: email ?? before?.email ?? '',
        firstname: firstname ?? before?.firstname ?? '',
        name: name ?? before?.name ?? '',
        accounts: accounts === undefined ? (before?.accounts ?? []) : [...new Set(accounts)],
        passwordHash: passwordHash ?? before?.passwordHash ?? null,
      };
      await manager.save(ownerEntity, owner);
      return { outcome: 'done', created: !before };
    });
  }

  @OnRequest(listOwners)
  async list(@Payload() where: RequestOf<typeof listOwners>): Promise<ReplyOf<typeof listOwners>> {
    const rows = await this.database.read((manager) => manager.find(ownerEntity, { where, order: { ownerId: 'ASC' } }));
    return { outcome: 'done', owners: rows.map(({ passwordHash, ...owner }) => ({ ...owner, hasPassword: passwordHash !== null })) };
  }

  @OnRequest(deleteOwner)
  delete(@Payload() { ownerId }: RequestOf<typeof deleteOwner>): Promise<ReplyOf<typeof deleteOwner>> {
    return this.database.transaction(async (manager) => {
      if (!(await manager.existsBy(ownerEntity, { ownerId }))) return { outcome: 'refused', code: 'owner-unknown' };
      for (const entity of [consumerKeyEntity, applicationEntity, oauthClientEntity, ownerEntity]) await manager.delete(entity, { ownerId });
      return { outcome: 'done' };
    });
  }
}
