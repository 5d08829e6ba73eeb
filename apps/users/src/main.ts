import { openKafka } from '@kwota/messaging-kafka/open-kafka';
import { runService, serve } from '@kwota/service-kit/run-service';
import { readUsersConfig, usersSettings } from './users.config.js';
import { UsersModule } from './users.module.js';

await runService({
  name: 'users',
  settings: usersSettings,
  openMessaging: openKafka,
  adminPort: (environment) => readUsersConfig(environment).adminPort,
  databases: ({ KWOTA_DATABASE_URL }) => [KWOTA_DATABASE_URL],
  begin: ({ runtime }) => serve(runtime, UsersModule.register(runtime)),
});
