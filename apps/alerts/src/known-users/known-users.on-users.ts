import { users, type UsersEvent } from '@kwota/contracts/users.v1';
import { TransientFailure } from '@kwota/messaging/failures';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { OnMessagesAndTombstones, type ReceivedOrTombstone } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { KnownUsersRepository } from './known-users.repository.js';

@Controller()
export class KnownUsersOnUsers {
  constructor(
    private readonly database: ServiceDatabase,
    private readonly knownUsers: KnownUsersRepository,
  ) {}

  /** @throws TransientFailure when the store is out of reach: the facts come again. */
  @OnMessagesAndTombstones(users)
  async handle(@Payload() batch: readonly ReceivedOrTombstone<UsersEvent>[]): Promise<void> {
    const work = this.database.transaction(async (manager) => {
      for (const { message, incoming } of batch) {
        if (message) await this.knownUsers.learn(manager, message);
        else await this.knownUsers.forget(manager, incoming.key);
      }
    });
    await work.catch((error: Error) => {
      throw new TransientFailure('store', error.name, { cause: error });
    });
  }
}
