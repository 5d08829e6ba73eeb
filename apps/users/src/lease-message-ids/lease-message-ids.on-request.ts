import { leaseMessageIds } from '@kwota/contracts/users.requests.v1';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnRequest } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { messageIdsEntity } from '../users.entities.js';

/** DESIGN §3: what is left of a block dies with its process; 2^53 / 65,536 blocks outlast any installation. */
export const messageIdsPerBlock = 65_536;

@Controller()
export class LeaseMessageIdsOnRequest {
  constructor(private readonly database: ServiceDatabase) {}

  /** A repeated request gets another block: ids may be lost, never given twice. */
  @OnRequest(leaseMessageIds)
  lease() {
    return this.database.transaction(async (manager) => {
      const row = await manager.findOneBy(messageIdsEntity, { one: 1 });
      const first = row?.next ?? messageIdsPerBlock + 1;
      await manager.save(messageIdsEntity, { one: 1, next: first + messageIdsPerBlock });
      return { outcome: 'done', first, count: messageIdsPerBlock };
    });
  }
}
