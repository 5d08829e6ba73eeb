import { deleteOperator, identifyOperator, listOperators, saveOperator } from '@kwota/contracts/owners.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { ReplyOf, RequestOf } from '../requests.js';
import { operatorEntity, operatorTokenEntity } from '../users.entities.js';

/** Whose token the first start made. */
export const firstOperator = 'first';

/** Those who may use the operator API, by the SHA-256 of a random token: admins, and auditors who only read. */
@Controller()
export class ManageOperatorsOnRequest {
  constructor(private readonly database: ServiceDatabase) {}

  @OnRequest(saveOperator)
  save(@Payload() operator: RequestOf<typeof saveOperator>): Promise<ReplyOf<typeof saveOperator>> {
    return this.database.transaction(async (manager) => {
      await manager.save(operatorEntity, operator);
      return { outcome: 'done' };
    });
  }

  @OnRequest(listOperators)
  async list(): Promise<ReplyOf<typeof listOperators>> {
    const rows = await this.database.read((manager) => manager.find(operatorEntity, { order: { name: 'ASC' } }));
    return { outcome: 'done', operators: rows.map(({ name, role }) => ({ name, role })) };
  }

  @OnRequest(deleteOperator)
  async delete(@Payload() { name }: RequestOf<typeof deleteOperator>): Promise<ReplyOf<typeof deleteOperator>> {
    const { affected } = await this.database.transaction((manager) => manager.delete(operatorEntity, { name }));
    return affected ? { outcome: 'done' } : { outcome: 'refused', code: 'operator-unknown' };
  }

  @OnRequest(identifyOperator)
  identify(@Payload() { tokenSha256 }: RequestOf<typeof identifyOperator>): Promise<ReplyOf<typeof identifyOperator>> {
    return this.database.read(async (manager) => {
      if (await manager.existsBy(operatorTokenEntity, { tokenSha256 })) return { outcome: 'done', name: firstOperator, role: 'admin' };
      const row = await manager.findOneBy(operatorEntity, { tokenSha256 });
      return row ? { outcome: 'done', name: row.name, role: row.role } : { outcome: 'refused', code: 'operator-unknown' };
    });
  }
}
