// The services over one log in memory, each of which can be killed at any of its steps: a killed one keeps what it had committed and nothing
// else, and the next one starts on its store. Ledger, carrier, dlr and alerts always, users and the gateway where a test is about them.
import { AlertsModule } from '@kwota/alerts';
import { readAlertsConfig } from '@kwota/alerts/config';
import { CarrierModule } from '@kwota/carrier';
import { readCarrierConfig, type LostAnswerPolicy } from '@kwota/carrier/config';
import { credit, type CreditFact } from '@kwota/contracts/credit.v1';
import * as dlrRequests from '@kwota/contracts/dlr.requests.v1';
import * as ledgerRequests from '@kwota/contracts/ledger.requests.v1';
import { setAlertRecipient } from '@kwota/contracts/alerts.requests.v1';
import { submissions } from '@kwota/contracts/submissions.v1';
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { DlrModule } from '@kwota/dlr';
import { readDlrConfig } from '@kwota/dlr/config';
import { LedgerModule } from '@kwota/ledger';
import { readGatewayConfig } from '@kwota/gateway/config';
import { firstStart, startGateway, type FirstStart } from '@kwota/gateway/start';
import type { Messaging } from '@kwota/messaging';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { createLogger } from '@kwota/service-kit/logger';
import { ProcessMetrics } from '@kwota/service-kit/metrics';
import { RequestClient } from '@kwota/service-kit/request-client';
import { openRuntime, type ServiceRuntime } from '@kwota/service-kit/runtime';
import { startService, type RunningService } from '@kwota/service-kit/service';
import { startSmscSimulator, type SmscSimulatorOptions } from '@kwota/smsc-simulator';
import { freePort } from '@kwota/testing/free-port';
import { UsersModule } from '@kwota/users';
import type { DynamicModule } from '@nestjs/common';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kill, strikeAtCommits, type KillPoint } from './fault-kills.js';
import { ProcessLog, type BrokerFault } from './fault-log.js';
import { startEndpoint, closeAll as closeEndpoints } from './two-instances.js';

const inner = ['ledger', 'carrier', 'dlr', 'alerts'] as const;
export type ServiceName = (typeof inner)[number] | 'users' | 'gateway';
export type WorldOptions = Readonly<{
  smsc?: SmscSimulatorOptions;
  lostAnswer?: LostAnswerPolicy;
  endpointStatus?: (calls: number) => number;
  /** Of the mail server; files where it is left out. */
  smtpUrl?: string;
  /** `gateway` makes its first start, and the API user of it is called back at the endpoint. */
  outer?: 'none' | 'users' | 'users and gateway';
  onKill?: () => void;
}>;

/** One life of a service: its applications, and the log as it sees it. */
type Life = Readonly<{ log: ProcessLog; applications: readonly RunningService[] }>;

export const account = 'sms-kw00001-1';
export const userId = 'u-1';

const operatorToken = 'operator-token-of-the-fault-matrix';
/** A reply that a kill has swallowed is waited for so long, by the dead process too. */
const sendDeadlineMs = 600;

export const openWorld = async (options: WorldOptions) => {
  const { smsc: smscOptions = {}, lostAnswer = 'resend', endpointStatus = () => 200, smtpUrl, outer = 'none', onKill } = options;
  const services: readonly ServiceName[] = outer === 'none' ? inner : outer === 'users' ? ['users', ...inner] : ['users', ...inner, 'gateway'];
  const folder = mkdtempSync(join(tmpdir(), 'kwota-faults-'));
  const messaging = await EmbeddedMessaging.open({ path: ':memory:', topics: topicDefinitions, backoff: { firstMs: 5, maxMs: 20 } });
  const smsc = await startSmscSimulator(smscOptions);
  /** Messages of which the endpoint was told that they are delivered, and said that it has it. */
  const told: number[] = [];
  const endpoint = await startEndpoint(({ id, dlr }, response, calls) => {
    const status = endpointStatus(calls);
    if (status === 200 && dlr === '1') told.push(id);
    response.writeHead(status).end();
  });
  // Kills are told as errors by the thousand.
  const logger = createLogger('faults', 'error', { write: () => undefined });
  const shared = { messaging, logger, metrics: new ProcessMetrics(), dataDir: folder, secretKey: 'k'.repeat(32), databaseUrl: '' };
  const runtimes = new Map<ServiceName, ServiceRuntime>(services.map((name) => [name, openRuntime(name, shared)]));
  const moduleOf = (name: Exclude<ServiceName, 'gateway'>, own: Messaging): DynamicModule => {
    const runtime = { ...(runtimes.get(name) as ServiceRuntime), messaging: own };
    const retries = { KWOTA_CALLBACK_ALLOW: '127.0.0.0/8', KWOTA_CALLBACK_RETRY_SCHEDULE: Array.from({ length: 40 }, () => '50ms').join(',') };
    switch (name) {
      case 'ledger':
        return LedgerModule.register(runtime, { eventStoreUrl: `sqlite:${join(folder, 'events.db')}`, ratesFile: '', sendDeadlineMs: 2_000 });
      case 'carrier':
        return CarrierModule.register(runtime, { ...readCarrierConfig({}), smscUrl: smsc.url, lostAnswer, windowSize: 10 });
      case 'dlr':
        return DlrModule.register(runtime, readDlrConfig(retries));
      case 'alerts':
        return AlertsModule.register(runtime, { ...readAlertsConfig({}), sendDeadlineMs, ...(smtpUrl && { smtpUrl }) });
      case 'users':
        return UsersModule.register(runtime);
    }
  };
  const port = await freePort();
  const gatewayConfig = readGatewayConfig({ KWOTA_HTTP_PORT: String(port), KWOTA_SEND_DEADLINE_MS: String(sendDeadlineMs), KWOTA_OPERATOR_TOKEN: operatorToken });
  const gatewayOptions = (runtime: ServiceRuntime) => {
    const observed = { health: new Map([['gateway', runtime.health]]), metrics: shared.metrics };
    return { runtime, config: gatewayConfig, secretKey: shared.secretKey, observed, dataDir: folder };
  };
  const faults = new Map<ServiceName, BrokerFault>();
  const lives = new Map<ServiceName, Life>();
  const lifeOf = (name: ServiceName): Life => lives.get(name) as Life;
  const start = async (name: ServiceName): Promise<void> => {
    const log = new ProcessLog(messaging);
    log.fault = faults.get(name);
    if (name !== 'gateway') {
      lives.set(name, { log, applications: [await startService(moduleOf(name, log.messaging), { name, messaging: log.messaging, logger })] });
      return;
    }
    const gateway = await startGateway(gatewayOptions({ ...(runtimes.get(name) as ServiceRuntime), messaging: log.messaging }));
    await gateway.whole;
    lives.set(name, { log, applications: gateway.running });
  };
  const end = async (name: ServiceName): Promise<void> => {
    for (const application of lives.get(name)?.applications ?? []) await application.close();
  };
  for (const name of services) await start(name);
  const gatewayUrl = `http://127.0.0.1:${port}`;
  const requests = await RequestClient.start(messaging, 'test', 5_000);
  const facts: CreditFact[] = [];
  await messaging.subscribe({
    topic: credit.topic,
    group: 'faults',
    kind: 'broadcast',
    handle: async (batch) => {
      for (const { value, headers } of batch) {
        const read = credit.read(value ?? '', headers['ce_type']);
        if ('message' in read) facts.push(read.message);
      }
    },
  });
  const first = outer === 'users and gateway' ? ((await firstStart(gatewayOptions(runtimes.get('gateway') as ServiceRuntime), gatewayUrl)) as FirstStart) : undefined;
  await requests.ask(ledgerRequests.openAccount, { account });
  await requests.ask(ledgerRequests.openUser, { account, userId });
  await requests.ask(ledgerRequests.purchaseCredits, { account, reference: 'faults', amountMilliCredits: 1_000_000_000 });
  // Of the account: so that any user's messages are called back.
  await requests.ask(dlrRequests.setCallbacks, { account, userId: null, callBack: `${endpoint.url}/dlr` });
  await requests.ask(setAlertRecipient, { account, userId, recipient: { alertEmail: 'owner@example.org', alertNumber: '', support: 'mail' } });

  let lastMessageId = 1_001_000;
  return {
    messaging,
    smsc,
    told,
    facts,
    requests,
    /** Undefined without a gateway. */
    first,
    operatorToken,
    gatewayUrl,
    /** The broker's fault for this service from now on. @returns how many of it were made. */
    disturb: (name: ServiceName, fault: BrokerFault | undefined): number => {
      const { log } = lifeOf(name);
      if (fault) faults.set(name, fault);
      else faults.delete(name);
      if (fault && fault !== log.fault) log.faults = 0;
      log.fault = fault;
      return log.faults;
    },
    /** The file of a service's store, for what happens between two of its lives. */
    storeOf: (name: ServiceName): string => (runtimes.get(name) as ServiceRuntime).databaseLocation,
    restart: async (name: ServiceName, between: () => void = () => undefined): Promise<void> => {
      await end(name);
      between();
      await start(name);
    },
    /** Seven digits of which none ends in a pattern by which the simulator decides: all of them are delivered. */
    send: async (count: number): Promise<{ messageId: number; receiver: string }[]> => {
      const sent = Array.from({ length: count }, () => {
        lastMessageId += 1;
        return { messageId: lastMessageId, receiver: `+3361${lastMessageId}` };
      });
      const submission = {
        kind: 'send',
        account,
        userId,
        messageIds: sent.map(({ messageId }) => messageId),
        receivers: sent.map(({ receiver }) => receiver),
        sender: 'KWOTA',
        text: 'Your parcel is at the door.',
        coding: '7bit',
        parts: 1,
        noStop: true,
        source: 'http2sms',
        submittedAtMs: Date.now(),
        deadlineMs: Date.now() + 60_000,
      } as const;
      await messaging.publish([submissions.message(submission, { id: String(sent[0]?.messageId), source: 'kwota/test' })]);
      return sent;
    },
    /** Kills the service at its `step`th step from now on; resolves when the next one runs. `meanwhile` makes it work. */
    killAt: async (name: ServiceName, step: number, point: KillPoint, meanwhile: (isDead: () => boolean) => Promise<unknown>, between: () => void = () => undefined): Promise<void> => {
      const { log, applications } = lifeOf(name);
      const kill = new Kill(step, point, () => {
        if (name === 'carrier') smsc.hangUp();
        if (name === 'gateway') for (const { app } of applications) (app.getHttpServer() as Server).closeAllConnections();
        onKill?.();
      });
      if (name === 'gateway') log.kill = kill;
      else strikeAtCommits(applications[0] as RunningService, name === 'ledger', kill);
      await Promise.all([kill.died, meanwhile(() => kill.isDead)]);
      await end(name);
      between();
      await start(name);
    },
    close: async () => {
      await requests.close();
      for (const name of [...services].reverse()) await end(name);
      await messaging.close();
      await smsc.close();
      await closeEndpoints();
      for (const { directory } of runtimes.values()) directory.release();
      rmSync(folder, { recursive: true });
    },
  };
};
export type World = Awaited<ReturnType<typeof openWorld>>;
