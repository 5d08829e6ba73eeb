import { users, type UsersEvent } from '@kwota/contracts/users.v1';
import { TransientFailure } from '@kwota/messaging/failures';
import { OnMessagesAndTombstones, type ReceivedOrTombstone } from '@kwota/service-kit/messaging-strategy';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { CallbackDeliveryRepository } from './callback-delivery.repository.js';
import { CallbackSettingsRepository } from './callback-settings.repository.js';

/** `account|user:userId`, as users.v1 keys its facts. */
const userKey = /^([^|]+)\|user:(.+)$/;

/** A deleted user's URLs go; callbacks of messages under way go to the account's from then on (DESIGN §1). */
@Controller()
export class ForgetUsersOnUsers {
  constructor(
    private readonly settings: CallbackSettingsRepository,
    private readonly deliveries: CallbackDeliveryRepository,
  ) {}

  /** @throws TransientFailure when the store is out of reach: the tombstones come again. */
  @OnMessagesAndTombstones(users)
  async forget(@Payload() batch: readonly ReceivedOrTombstone<UsersEvent>[]): Promise<void> {
    for (const { message, incoming } of batch) {
      const [, account, userId] = userKey.exec(incoming.key) ?? [];
      if (message !== undefined || !account || !userId) continue;
      const scope = { account, userId };
      await Promise.all([this.settings.drop(scope), this.deliveries.drop(scope)]).catch((error: Error) => {
        throw new TransientFailure('store', error.name, { cause: error });
      });
    }
  }
}
