// Ledger, carrier, dlr and alerts over one log in memory, each of which can be killed at any of its steps: a killed one keeps what it had
// committed and nothing else, and the next one starts on its store.
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
import { EventStore } from '@kwota/event-store';
import { LedgerModule } from '@kwota/ledger';
import type { AssignmentListener, Messaging } from '@kwota/messaging';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { createLogger } from '@kwota/service-kit/logger';
import { ProcessMetrics } from '@kwota/service-kit/metrics';
import { RequestClient } from '@kwota/service-kit/request-client';
import { openRuntime, type ServiceRuntime } from '@kwota/service-kit/runtime';
import { startService, type RunningService } from '@kwota/service-kit/service';
import { startSmscSimulator, type SmscSimulatorOptions } from '@kwota/smsc-simulator';
import type { DynamicModule } from '@nestjs/common';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEndpoint, closeAll as closeEndpoints } from './two-instances.js';

export const services = ['ledger', 'carrier', 'dlr', 'alerts'] as const;
export type ServiceName = (typeof services)[number];
/** Where a kill strikes: before what a step wrote is durable, or after it and before the process knows. */
export type KillPoint = 'before' | 'after';
export type WorldOptions = Readonly<{ smsc?: SmscSimulatorOptions; lostAnswer?: LostAnswerPolicy; endpointStatus?: (calls: number) => number }>;

class Killed extends Error {
  override readonly name = 'Killed';
}

export const account = 'sms-kw00001-1';
export const userId = 'u-1';

export const openWorld = async ({ smsc: smscOptions = {}, lostAnswer = 'resend', endpointStatus = () => 200 }: WorldOptions) => {
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
  const moduleOf = (name: ServiceName, own: Messaging): DynamicModule => {
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
        return AlertsModule.register(runtime, readAlertsConfig({}));
    }
  };
  const running = new Map<ServiceName, RunningService>();
  const start = async (name: ServiceName): Promise<RunningService> => {
    const own = ofOneProcess(messaging);
    const service = await startService(moduleOf(name, own), { name, messaging: own, logger });
    running.set(name, service);
    return service;
  };
  for (const name of services) await start(name);
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
  await requests.ask(ledgerRequests.openAccount, { account });
  await requests.ask(ledgerRequests.openUser, { account, userId });
  await requests.ask(ledgerRequests.purchaseCredits, { account, reference: 'faults', amountMilliCredits: 1_000_000_000 });
  await requests.ask(dlrRequests.setCallbacks, { account, userId, callBack: `${endpoint.url}/dlr` });
  await requests.ask(setAlertRecipient, { account, userId, recipient: { alertEmail: 'owner@example.org', alertNumber: '', support: 'mail' } });

  let lastMessageId = 1_001_000;
  return {
    messaging,
    smsc,
    told,
    facts,
    requests,
    serviceOf: (name: ServiceName) => running.get(name) as RunningService,
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
    /** Kills the service at its `step`th commit from now on; resolves when the next one runs. `meanwhile` makes it work. */
    killAt: async (name: ServiceName, step: number, point: KillPoint, meanwhile: (isDead: () => boolean) => Promise<unknown>): Promise<void> => {
      const victim = running.get(name) as RunningService;
      let isDead = false;
      const died = arm(victim, name, step, point, () => {
        isDead = true;
        if (name === 'carrier') smsc.hangUp();
      });
      await Promise.all([died, meanwhile(() => isDead)]);
      await victim.close();
      await start(name);
    },
    close: async () => {
      await requests.close();
      for (const name of [...services].reverse()) await running.get(name)?.close();
      await messaging.close();
      await smsc.close();
      await closeEndpoints();
      for (const { directory } of runtimes.values()) directory.release();
      rmSync(folder, { recursive: true });
    },
  };
};
export type World = Awaited<ReturnType<typeof openWorld>>;

/** The log as a new process sees it: its partitions are told to it anew. */
const ofOneProcess = (messaging: EmbeddedMessaging): Messaging => {
  const partitions = new Set(Array.from({ length: messaging.partitionCount }, (_, partition) => partition));
  let listener: AssignmentListener = async () => undefined;
  let told: Promise<void> | undefined;
  const overridden: Partial<Messaging> = {
    onAssignment: (_, given) => void (listener = given),
    subscribe: async (options) => {
      if (options.kind === 'shared') await (told ??= listener({ partitions, gained: partitions, lost: new Set() }));
      return messaging.subscribe(options);
    },
  };
  return new Proxy<Messaging>(messaging, {
    get: (target, name) => {
      const value: unknown = Reflect.get(overridden, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
};

/** From the kill on nothing that the instance does reaches its store, and nothing that it asks of it is answered. */
const arm = (victim: RunningService, name: ServiceName, step: number, point: KillPoint, onKill: () => void): Promise<void> =>
  new Promise((died) => {
    let steps = 0;
    let isDead = false;
    const striking = async <Result>(commit: () => Promise<Result>): Promise<Result> => {
      if (isDead) throw new Killed();
      steps += 1;
      const isLast = steps === step;
      const die = (): never => {
        isDead = true;
        onKill();
        died();
        throw new Killed();
      };
      if (isLast && point === 'before') die();
      const result = await commit();
      if (isLast) die();
      if (isDead) throw new Killed();
      return result;
    };
    if (name === 'ledger') {
      const store = victim.app.get(EventStore, { strict: false });
      const append = store.append.bind(store);
      store.append = (batch) => striking(() => append(batch));
      return;
    }
    const database = victim.app.get(ServiceDatabase, { strict: false });
    const transaction = database.transaction.bind(database);
    database.transaction = (work) => striking(() => transaction(work));
  });
