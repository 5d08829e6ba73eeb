import { users, type UsersEvent } from '@kwota/contracts/users.v1';
import { OnBroadcast, type ReceivedOrTombstone } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { KnownUsers } from './known-users.projection.js';

@Controller()
export class KnownUsersOnUsers {
  constructor(private readonly knownUsers: KnownUsers) {}

  @OnBroadcast(users)
  handle(@Payload() batch: readonly ReceivedOrTombstone<UsersEvent>[]): void {
    for (const { message, incoming } of batch) this.knownUsers.apply(incoming.key, message);
  }
}
