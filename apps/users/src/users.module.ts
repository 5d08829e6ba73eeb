import { ServiceDatabase } from '@kwota/service-kit/database';
import { Outbox, outboxEntity } from '@kwota/service-kit/outbox';
import type { ServiceRuntime } from '@kwota/service-kit/runtime';
import { Sealing } from '@kwota/service-kit/sealing';
import { Injectable, Module, type DynamicModule, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { EntitySchema } from 'typeorm';
import { AuthenticateUsersOnRequest } from './authenticate-users/authenticate-users.on-request.js';
import { PasswordHashes } from './authenticate-users/password-hashes.js';
import { DeclareSendersOnRequest } from './declare-senders/declare-senders.on-request.js';
import { GrantCredentialsOnRequest } from './grant-credentials/grant-credentials.on-request.js';
import { KeepCallsOnRequest } from './keep-calls/keep-calls.on-request.js';
import { LeaseMessageIdsOnRequest } from './lease-message-ids/lease-message-ids.on-request.js';
import { ManageApiUsersHandler } from './manage-api-users/manage-api-users.handler.js';
import { ManageApiUsersOnRequest } from './manage-api-users/manage-api-users.on-request.js';
import { ManageApplicationsOnRequest } from './manage-applications/manage-applications.on-request.js';
import { ManageOperatorsOnRequest } from './manage-operators/manage-operators.on-request.js';
import { ManageOwnersOnRequest } from './manage-owners/manage-owners.on-request.js';
import { ManageSendersOnRequest } from './manage-senders/manage-senders.on-request.js';
import { OpenAccountsHandler } from './open-accounts/open-accounts.handler.js';
import { OpenAccountsOnRequest } from './open-accounts/open-accounts.on-request.js';
import { UsersFactsPublisher } from './users-facts.publisher.js';
import * as entities from './users.entities.js';
import { ValidateCredentialsOnRequest } from './validate-credentials/validate-credentials.on-request.js';
import { AddOwners1797000000000, CreateUsersTables1795000000000, KeepCalls1798000000000 } from './users.migrations.js';

/** What a crash left in the outbox goes out at start; at the end the relay rests before the database closes. */
@Injectable()
class UsersLifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly outbox: Outbox,
    private readonly database: ServiceDatabase,
  ) {}

  onApplicationBootstrap(): void {
    this.outbox.relay();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.outbox.close();
    await this.database.close();
  }
}

@Module({})
export class UsersModule {
  static register(runtime: ServiceRuntime): DynamicModule {
    const { messaging, logger, sealing, databaseLocation: location } = runtime;
    const tables = [...Object.values(entities).filter((entity) => entity instanceof EntitySchema), outboxEntity];
    return {
      module: UsersModule,
      controllers: [
        OpenAccountsOnRequest,
        ManageApiUsersOnRequest,
        AuthenticateUsersOnRequest,
        LeaseMessageIdsOnRequest,
        DeclareSendersOnRequest,
        GrantCredentialsOnRequest,
        ManageSendersOnRequest,
        ManageOwnersOnRequest,
        ManageApplicationsOnRequest,
        ValidateCredentialsOnRequest,
        ManageOperatorsOnRequest,
        KeepCallsOnRequest,
      ],
      providers: [
        {
          provide: ServiceDatabase,
          useFactory: () => ServiceDatabase.open({ health: runtime.health, location, schema: 'users', entities: tables, migrations: [CreateUsersTables1795000000000, AddOwners1797000000000, KeepCalls1798000000000] }),
        },
        { provide: Outbox, useFactory: (database: ServiceDatabase) => new Outbox(database, messaging, logger), inject: [ServiceDatabase] },
        { provide: Sealing, useValue: sealing },
        PasswordHashes,
        UsersFactsPublisher,
        OpenAccountsHandler,
        ManageApiUsersHandler,
        UsersLifecycle,
      ],
    };
  }
}
