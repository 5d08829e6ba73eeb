import { port, readConfig, text } from '@kwota/service-kit/config';

export const usersSettings = {
  adminHost: text('KWOTA_HTTP_HOST', '127.0.0.1'),
  adminPort: port('KWOTA_ADMIN_PORT', 8081),
} as const;

export const readUsersConfig = (environment: NodeJS.ProcessEnv) => readConfig(environment, usersSettings);
