// For the specs of several instances of a service on one PostgreSQL database: instances in this process, and ones that can be killed and paused.
import { accepted, type Accepted, type AcceptedSubmission } from '@kwota/contracts/accepted.v1';
import { setCallbacks } from '@kwota/contracts/dlr.requests.v1';
import { receipts, type PartReceipt } from '@kwota/contracts/receipts.v1';
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { CarrierModule } from '@kwota/carrier';
import { readCarrierConfig, type CarrierConfig } from '@kwota/carrier/config';
import { DlrModule } from '@kwota/dlr';
import { readDlrConfig, type DlrConfig } from '@kwota/dlr/config';
import { Messaging, type AssignmentListener } from '@kwota/messaging';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { ServiceDatabase } from '@kwota/service-kit/database';
import { createLogger } from '@kwota/service-kit/logger';
import { ProcessMetrics } from '@kwota/service-kit/metrics';
import { RequestClient } from '@kwota/service-kit/request-client';
import { openRuntime } from '@kwota/service-kit/runtime';
import { startService } from '@kwota/service-kit/service';
import { startSmscSimulator, type SmscSimulator, type SmscSimulatorOptions } from '@kwota/smsc-simulator';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import type { EntityManager } from 'typeorm';

export type InstanceOptions =
  | Readonly<{ service: 'carrier'; databaseUrl: string; config: Partial<CarrierConfig> & { smscUrl: string } }>
  | Readonly<{ service: 'dlr'; databaseUrl: string; config: Partial<DlrConfig> }>;

const opened: (() => Promise<void>)[] = [];
/** For afterEach: what a test opened closes in the opposite order. */
export const closeAll = async (): Promise<void> => {
  for (const close of opened.splice(0).toReversed()) await close();
};
export const closeLater = (close: () => Promise<void>): void => void opened.push(close);

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'kwota-instances-'));

/** One instance with a log of its own, in this process. */
export const startInstance = async (options: InstanceOptions, dataDir = newFolder()) => {
  const { service: name, databaseUrl } = options;
  const messaging = await EmbeddedMessaging.open({ path: ':memory:', topics: topicDefinitions });
  const logger = createLogger(name, 'error');
  const runtime = openRuntime(name, { messaging, logger, metrics: new ProcessMetrics(), dataDir, secretKey: 'k'.repeat(32), databaseUrl });
  let reassign: AssignmentListener = async () => undefined;
  const onAssignment = messaging.onAssignment.bind(messaging);
  messaging.onAssignment = (group, listener) => {
    reassign = listener;
    onAssignment(group, listener);
  };
  const module =
    options.service === 'carrier'
      ? CarrierModule.register(runtime, { ...readCarrierConfig({}), ...options.config })
      : DlrModule.register(runtime, { ...readDlrConfig({ KWOTA_CALLBACK_ALLOW: '127.0.0.0/8' }), ...options.config });
  const service = await startService(module, { name, messaging, logger });
  const reported: PartReceipt[] = [];
  const handle = async (batch: readonly { value: string | null }[]): Promise<void> => {
    for (const { value } of batch) {
      const read = receipts.read(value ?? '', undefined);
      if ('message' in read) reported.push(read.message);
    }
  };
  await messaging.subscribe({ topic: receipts.topic, group: 'spec', kind: 'broadcast', handle });
  let isOpen = true;
  const instance = {
    messaging,
    reported,
    accept: (...messages: readonly Accepted[]) =>
      messaging.publish(messages.map((message, index) => accepted.message(message, { id: `${index}`, source: 'kwota/ledger' }))),
    receive: (...reports: readonly PartReceipt[]) =>
      messaging.publish(reports.map((report, index) => receipts.message(report, { id: `${index}`, source: 'kwota/carrier' }))),
    /** As when all partitions come from another instance. */
    gainAll: () => {
      const partitions = new Set(Array.from({ length: messaging.partitionCount }, (_, partition) => partition));
      return reassign({ partitions, gained: partitions, lost: new Set() });
    },
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      await service.close();
      await messaging.close();
      runtime.directory.release();
      rmSync(dataDir, { recursive: true });
    },
  };
  closeLater(instance.close);
  return instance;
};

export type ToInstance = Readonly<{ accept: readonly Accepted[]; receive: readonly PartReceipt[] }>;

const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const program = fileURLToPath(new URL('./two-instances.process.ts', import.meta.url));

/** One instance in a process of its own. */
export const spawnInstance = async (options: InstanceOptions) => {
  const node = ['--conditions=@kwota/source', '--no-warnings', '--import', '@swc-node/register/esm-register'];
  const dataDir = newFolder();
  const child = spawn(process.execPath, [...node, program, JSON.stringify(options), dataDir], {
    cwd: workspace,
    env: { ...process.env, SWC_NODE_PROJECT: 'tsconfig.json', NODE_OPTIONS: '' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    rmSync(dataDir, { recursive: true, force: true });
  };
  closeLater(kill);
  await once(child, 'message');
  const tell = async (told: Partial<ToInstance>): Promise<void> => {
    child.send({ accept: [], receive: [], ...told } satisfies ToInstance);
    await once(child, 'message');
  };
  return { tell, kill, pause: () => void child.kill('SIGSTOP'), goOn: () => void child.kill('SIGCONT') };
};

export const account = 'sms-kw00001-1';

/** A message to each receiver, valid for a minute. */
export const messageTo = (receivers: readonly string[], firstMessageId: number): AcceptedSubmission => ({
  kind: 'accepted',
  account,
  userId: 'u-1',
  messages: receivers.map((receiver, index) => ({ messageId: firstMessageId + index, receiver, priceMilliCredits: 1_000 })),
  sender: 'KWOTA',
  text: 'Your parcel is at the door.',
  coding: '7bit',
  parts: 1,
  noStop: true,
  source: 'http2sms',
  acceptedAtMs: Date.now(),
  validUntilMs: Date.now() + 60_000,
});
/** Numbers whose end tells the simulator nothing. */
export const receivers = (first: number, count: number): string[] => Array.from({ length: count }, (_, index) => `+336${first + index}45`);

export const ask = async <Row>(url: string, sql: string): Promise<Row[]> => {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
};

export type Called = Readonly<{ path: string; id: number; dlr: string }>;
/** A customer's endpoint; `answer` decides. */
export const startEndpoint = async (answer: (called: Called, response: ServerResponse, calls: number) => void = (_, response) => void response.end()) => {
  const called: Called[] = [];
  const listener = createServer((incoming, response) => {
    const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://localhost');
    const one = { path: pathname, id: Number(searchParams.get('id')), dlr: searchParams.get('dlr') ?? '' };
    called.push(one);
    answer(one, response, called.filter(({ id }) => id === one.id).length);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  closeLater(async () => {
    listener.closeAllConnections();
    await new Promise((resolve) => listener.close(resolve));
  });
  const { port } = listener.address() as AddressInfo;
  return { called, url: `http://127.0.0.1:${port}`, of: (messageId: number) => called.filter(({ id }) => id === messageId) };
};

export const reportOf = (messageId: number, fields: Partial<PartReceipt> = {}): PartReceipt => ({
  kind: 'part',
  account,
  messageId,
  part: 1,
  parts: 1,
  stage: 'receipt',
  ptt: 4,
  dlr: 1,
  final: true,
  recognised: true,
  atMs: Date.now(),
  raw: { connector: 'default' },
  ...fields,
});
export const submittedOf = (messageId: number): PartReceipt => reportOf(messageId, { stage: 'submitted', ptt: 3, dlr: 8, final: false });

/** Sets the account's callback URL. */
export const setUrl = async (messaging: Messaging, url: string): Promise<void> => {
  const requests = await RequestClient.start(messaging, 'spec', 5_000);
  const reply = await requests.ask(setCallbacks, { account, userId: null, callBack: url });
  await requests.close();
  if (reply.outcome !== 'done') throw new Error(`the URL is refused: ${reply.outcome}`);
};

export const simulate = async (options?: SmscSimulatorOptions): Promise<SmscSimulator> => {
  const simulator = await startSmscSimulator(options);
  closeLater(() => simulator.close());
  return simulator;
};
/** How often each number was submitted. */
export const countsIn = (simulator: SmscSimulator, numbers: readonly string[]): number[] => numbers.map((number) => simulator.submissions.count(number.slice(1)));
export const times = (count: number, length: number): number[] => new Array<number>(length).fill(count);

/** Cuts off the connections that hold a session's lock. */
export const cutLocks = (url: string, schema: string): Promise<unknown> =>
  ask(url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE locktype = 'advisory' AND objsubid = 2 AND application_name = 'kwota ${schema}'`);

/** @throws Error when it takes longer. */
export const until = async (holds: () => boolean | Promise<boolean>, withinMs = 5_000): Promise<void> => {
  for (const giveUpAtMs = Date.now() + withinMs; !(await holds()); ) {
    if (Date.now() > giveUpAtMs) throw new Error(`It did not come about within ${withinMs} ms.`);
    await pause(10);
  }
};
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The next transaction with such a statement is committed, and its connection is lost before the server says so. Whether that has come about. */
export const failAfterCommit = (statement: string): (() => boolean) => {
  const { transaction } = ServiceDatabase.prototype;
  const restore = (): void => void (ServiceDatabase.prototype.transaction = transaction);
  closeLater(async () => restore());
  let failed = false;
  ServiceDatabase.prototype.transaction = async function <Result>(this: ServiceDatabase, work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    let isMeant = false;
    const result = await transaction.call(this, (manager) => {
      const query = manager.query.bind(manager);
      manager.query = (sql: string, ...values) => {
        isMeant ||= sql.trimStart().startsWith(statement);
        return query(sql, ...values);
      };
      return work(manager);
    });
    if (!isMeant) return result as Result;
    restore();
    failed = true;
    throw new Error('the connection is lost');
  };
  return () => failed;
};
