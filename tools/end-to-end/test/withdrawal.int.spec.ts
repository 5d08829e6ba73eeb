import { submissionReplyType } from '@kwota/contracts/submissions.v1';
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { showAccount } from '@kwota/contracts/ledger.requests.v1';
import { accepted } from '@kwota/contracts/accepted.v1';
import { readGatewayConfig } from '@kwota/gateway/config';
import { firstStart, startGateway } from '@kwota/gateway/start';
import { LedgerModule } from '@kwota/ledger';
import { readLedgerConfig } from '@kwota/ledger/config';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { Messaging, type AssignmentListener, type OutgoingMessage, type SubscriptionOptions } from '@kwota/messaging';
import { createLogger } from '@kwota/service-kit/logger';
import { ProcessMetrics } from '@kwota/service-kit/metrics';
import { RequestClient } from '@kwota/service-kit/request-client';
import { openRuntime } from '@kwota/service-kit/runtime';
import { startService, type RunningService } from '@kwota/service-kit/service';
import { UsersModule } from '@kwota/users';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A log on which the ledger's answers to submissions get lost on their way: the asker gives up, though the ledger has decided. */
class LosingReplies extends Messaging {
  lost = 0;

  constructor(private readonly log: EmbeddedMessaging) {
    super();
  }

  override publish(messages: readonly OutgoingMessage[]): Promise<void> {
    const kept = messages.filter(({ headers }) => headers['ce_type'] !== submissionReplyType);
    this.lost += messages.length - kept.length;
    return this.log.publish(kept);
  }

  override subscribe(options: SubscriptionOptions) {
    return this.log.subscribe(options);
  }

  override onAssignment(group: string, listener: AssignmentListener): void {
    this.log.onAssignment(group, listener);
  }

  override health() {
    return this.log.health();
  }

  override get stats() {
    return this.log.stats;
  }

  override lags() {
    return this.log.lags();
  }

  override get partitionCount() {
    return this.log.partitionCount;
  }

  override close(): Promise<void> {
    return this.log.close();
  }
}

const dataDir = mkdtempSync(join(tmpdir(), 'kwota-withdrawal-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

it('a gateway that gives up answers 503 and withdraws: the hold is released, the carrier is told, nobody is charged', async () => {
  const log = await EmbeddedMessaging.open({ path: join(dataDir, 'log.db'), topics: topicDefinitions });
  const messaging = new LosingReplies(log);
  const handedOn: string[] = [];
  await log.subscribe({
    topic: accepted.topic,
    group: 'kwota.spec',
    kind: 'shared',
    handle: async (batch) => {
      for (const { value } of batch) handedOn.push((JSON.parse(value ?? 'null') as { kind: string }).kind);
    },
  });
  const logger = createLogger('spec', 'error');
  const metrics = new ProcessMetrics();
  const secretKey = 'k'.repeat(32);
  const runtimeOf = (service: string) => openRuntime(service, { messaging, logger, metrics, dataDir, secretKey, databaseUrl: '' });
  const runtimes = { users: runtimeOf('users'), ledger: runtimeOf('ledger'), gateway: runtimeOf('gateway') };
  const services: RunningService[] = [
    await startService(UsersModule.register(runtimes.users), { name: 'users', messaging, logger }),
    await startService(LedgerModule.register(runtimes.ledger, readLedgerConfig({})), { name: 'ledger', messaging, logger }),
  ];
  const config = readGatewayConfig({ KWOTA_HTTP_PORT: '0', KWOTA_SEND_DEADLINE_MS: '1500' });
  const observed = { health: new Map([['gateway', runtimes.gateway.health]]), metrics };
  const options = { runtime: runtimes.gateway, config, secretKey, observed, dataDir };
  const gateway = await startGateway(options);
  await gateway.whole;
  const first = await firstStart(options, gateway.url);
  if (!first) throw new Error('there was a first start before');

  const { serviceName, login, password, sender } = first;
  const query = new URLSearchParams({ account: serviceName, login, password, from: sender, to: '+33600000004', message: 'withdrawn', contentType: 'text/json' });
  const response = await fetch(`${gateway.url}/http2sms?${query}`);
  expect([response.status, ((await response.json()) as { status: number }).status]).toEqual([200, 503]);
  expect(messaging.lost).toBe(1);

  const requests = await RequestClient.start(messaging, 'spec', 2_000);
  const credit = async () => requests.ask(showAccount, { account: serviceName });
  for (let look = 0; look < 100 && handedOn.length < 2; look += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(handedOn).toEqual(['accepted', 'withdrawn']);
  expect(await credit()).toMatchObject({ poolMilliCredits: 200_000, heldByMessagesMilliCredits: 0, consumedMilliCredits: 0, openHolds: 0 });

  await requests.close();
  for (const service of [...gateway.running, ...services]) await service.close();
  await messaging.close();
  for (const runtime of Object.values(runtimes)) runtime.directory.release();
}, 30_000);
