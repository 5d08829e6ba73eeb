// The service over embedded messaging and a SQLite file of its own, with what it published.
import { requestsKept, requestsTopicOf, type RequestContract } from '@kwota/contracts/define-request';
import { createAccount } from '@kwota/contracts/users.requests.v1';
import { users, type UsersEvent } from '@kwota/contracts/users.v1';
import type { IncomingMessage } from '@kwota/messaging';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { createLogger } from '@kwota/service-kit/logger';
import { ProcessMetrics } from '@kwota/service-kit/metrics';
import { RequestClient } from '@kwota/service-kit/request-client';
import { openRuntime, type ServiceRuntime } from '@kwota/service-kit/runtime';
import type { Sealing } from '@kwota/service-kit/sealing';
import { startService, type RunningService } from '@kwota/service-kit/service';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsersModule } from '../src/users.module.js';

/** Started before the suite's tests, with the account sms-kw00001-1; stopped after them. `prepare` is given where its database will be. */
export const usersUnderTest = (prepare: (location: string) => Promise<void> = async () => {}) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kwota-users-'));
  const facts: (UsersEvent | null)[] = [];
  let messaging: EmbeddedMessaging;
  let runtime: ServiceRuntime;
  let service: RunningService;
  let client: RequestClient;

  beforeAll(async () => {
    const topics = [
      { topic: requestsTopicOf('users'), kept: requestsKept },
      { topic: users.topic, kept: users.kept },
      { topic: 'kwota.replies.v1', kept: { kind: 'ephemeral', retentionMs: 1_000 } as const },
    ];
    messaging = await EmbeddedMessaging.open({ path: ':memory:', topics });
    const logger = createLogger('users', 'error');
    runtime = openRuntime('users', { messaging, logger, metrics: new ProcessMetrics(), dataDir, secretKey: 's'.repeat(32), databaseUrl: '' });
    await prepare(runtime.databaseLocation);
    service = await startService(UsersModule.register(runtime), { name: 'users', messaging, logger });
    await service.subscribed;
    client = await RequestClient.start(messaging, 'spec', 5_000);
    const handle = async (batch: readonly IncomingMessage[]): Promise<void> => void facts.push(...batch.map(({ value }) => (value === null ? null : (JSON.parse(value) as UsersEvent))));
    await messaging.subscribe({ topic: users.topic, group: 'spec', kind: 'shared', handle });
    await client.ask(createAccount, { requestId: 'r', account: 'sms-kw00001-1', description: 'First' });
  });
  afterAll(async () => {
    await client.close();
    await service.close();
    await messaging.close();
    runtime.directory.release();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const ask = <Request, Reply extends { outcome: string }>(contract: RequestContract<Request, Reply>, request: Request) => client.ask(contract, request);
  return { facts, ask, sealing: (): Sealing => runtime.sealing, messaging: () => messaging };
};
