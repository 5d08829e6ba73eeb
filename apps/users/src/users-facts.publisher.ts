import { users, usersKeyOf, type UsersEvent } from '@kwota/contracts/users.v1';
import { Outbox } from '@kwota/service-kit/outbox';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

/** What changed, in the words of kwota.users.v1, put in the outbox in the transaction that changes it. */
@Injectable()
export class UsersFactsPublisher {
  constructor(private readonly outbox: Outbox) {}

  changed(manager: EntityManager, fact: UsersEvent): Promise<void> {
    const id = `${usersKeyOf(fact)}@${fact.version}`;
    return this.outbox.add(manager, [users.message(fact, { id, source: 'kwota/users' })]);
  }

  /** The tombstone under the key of the fact that it ends. */
  ended(manager: EntityManager, key: string): Promise<void> {
    return this.outbox.add(manager, [{ topic: users.topic, key, value: null, headers: { ce_source: 'kwota/users' } }]);
  }

  /** After the commit. */
  relay(): void {
    this.outbox.relay();
  }
}
