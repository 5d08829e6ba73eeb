import { ServiceDatabase } from '@kwota/service-kit/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { UsersFactsPublisher } from '../users-facts.publisher.js';
import { accountEntity } from '../users.entities.js';

@Injectable()
export class OpenAccountsHandler {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly facts: UsersFactsPublisher,
  ) {}

  async create({ requestId, account, description }: { requestId: string; account?: string; description: string }) {
    const result = await this.database.transaction(async (manager) => {
      const before = account === undefined ? await manager.findOneBy(accountEntity, { requestId }) : null;
      const name = account ?? before?.account ?? (await nextName(manager));
      if (await manager.existsBy(accountEntity, { account: name })) return { outcome: 'done', account: name, created: false };
      await manager.insert(accountEntity, { account: name, description, version: 1, requestId });
      await this.facts.changed(manager, { type: 'AccountChanged', account: name, description, version: 1 });
      return { outcome: 'done', account: name, created: true };
    });
    this.facts.relay();
    return result;
  }

  list(): Promise<{ account: string; description: string }[]> {
    return this.database.read((manager) => manager.find(accountEntity, { select: { account: true, description: true }, order: { account: 'ASC' } }));
  }

  async update({ account, description }: { account: string; description: string }) {
    const result = await this.database.transaction(async (manager) => {
      const row = await manager.findOneBy(accountEntity, { account });
      if (!row) return { outcome: 'refused', code: 'account-unknown' };
      const version = row.version + 1;
      await manager.update(accountEntity, { account }, { description, version });
      await this.facts.changed(manager, { type: 'AccountChanged', account, description, version });
      return { outcome: 'done' };
    });
    this.facts.relay();
    return result;
  }
}

/** OVH's form of a serviceName, `sms-xx11111-1`, with our own two letters. */
const nextName = async (manager: EntityManager): Promise<string> => {
  for (let number = (await manager.count(accountEntity)) + 1; ; number += 1) {
    const account = `sms-kw${String(number).padStart(5, '0')}-1`;
    if (!(await manager.existsBy(accountEntity, { account }))) return account;
  }
};
