// The ledger as it runs, over a log in memory and its own event store in a folder of its own.
import { accepted, type Accepted, type AcceptedSubmission } from '@kwota/contracts/accepted.v1';
import { credit, type CreditFact } from '@kwota/contracts/credit.v1';
import { delivery, type MessageStateChanged } from '@kwota/contracts/delivery.v1';
import * as requests from '@kwota/contracts/ledger.requests.v1';
import { submissionReplySchema, submissions, type SendSubmission, type SubmissionReply } from '@kwota/contracts/submissions.v1';
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import type { IncomingMessage } from '@kwota/messaging';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { createLogger } from '@kwota/service-kit/logger';
import { ProcessMetrics } from '@kwota/service-kit/metrics';
import { RequestClient } from '@kwota/service-kit/request-client';
import { openRuntime } from '@kwota/service-kit/runtime';
import { startService } from '@kwota/service-kit/service';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LedgerModule } from '../src/ledger.module.js';

export const account = 'sms-kw00001-1';
export const anna = 'u-anna';

const opened: (() => Promise<void> | void)[] = [];
/** For afterEach: what a test opened closes in the opposite order. */
export const closeAll = async (): Promise<void> => {
  for (const close of opened.splice(0).reverse()) await close();
};

export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'kwota-ledger-'));
  opened.push(() => rmSync(folder, { recursive: true }));
  return folder;
};

export const openMessaging = async (): Promise<EmbeddedMessaging> => {
  const messaging = await EmbeddedMessaging.open({ path: ':memory:', topics: topicDefinitions, backoff: { firstMs: 5, maxMs: 20 } });
  opened.push(() => messaging.close());
  return messaging;
};

type Options = Readonly<{ messaging?: EmbeddedMessaging; eventsFile?: string; eventStoreUrl?: string }>;

/** Starts the ledger; several over one event store and one log follow each other, as after a restart. */
export const startLedger = async (options: Options = {}) => {
  const messaging = options.messaging ?? (await openMessaging());
  const dataDir = temporaryFolder();
  const eventsFile = options.eventsFile ?? join(dataDir, 'events.db');
  const logger = createLogger('ledger', 'error');
  const runtime = openRuntime('ledger', { messaging, logger, metrics: new ProcessMetrics(), dataDir, secretKey: 'test'.repeat(8), databaseUrl: '' });
  const service = await startService(LedgerModule.register(runtime, { eventStoreUrl: options.eventStoreUrl ?? `sqlite:${eventsFile}`, ratesFile: '', sendDeadlineMs: 5_000 }), { name: 'ledger', messaging, logger });
  const client = await RequestClient.start(messaging, 'test', 5_000);
  let running = true;
  const stop = async (): Promise<void> => {
    if (!running) return;
    running = false;
    await client.close();
    await service.close();
    runtime.directory.release();
  };
  opened.push(stop);

  const handedOn: Accepted[] = [];
  const facts: CreditFact[] = [];
  const collect = async <Message>(contract: { topic: string; read: typeof accepted.read }, into: Message[]): Promise<void> => {
    const handle = async (batch: readonly IncomingMessage[]): Promise<void> => {
      for (const { value, headers } of batch) {
        const read = contract.read(value ?? '', headers['ce_type']);
        if (!('message' in read)) throw new Error(`${contract.topic}: ${JSON.stringify(read)}`);
        into.push(read.message as Message);
      }
    };
    const subscription = await messaging.subscribe({ topic: contract.topic, group: `test.${randomUUID()}`, kind: 'broadcast', handle });
    await subscription.caughtUp();
  };
  await collect(accepted, handedOn);
  await collect(credit as unknown as typeof accepted, facts);

  return {
    service,
    client,
    runtime,
    messaging,
    eventsFile,
    stop,
    handedOn,
    facts,
    ask: client.ask.bind(client),
    show: () => client.ask(requests.showAccount, { account }),
    /** Publishes a submission as a gateway does and waits for the answer. */
    send: async (submission: Partial<SendSubmission> & Pick<SendSubmission, 'messageIds'>): Promise<SubmissionReply> => {
      const outgoing = submissions.message(aSubmission(submission), { id: randomUUID(), source: 'kwota/test' });
      const reply = await client.raw.request(outgoing, randomUUID(), 5_000);
      return submissionReplySchema.parse(JSON.parse(reply.value ?? ''));
    },
    withdraw: (messageIds: number[]): Promise<void> =>
      messaging.publish([submissions.message({ kind: 'withdraw', account, userId: anna, messageIds }, { id: randomUUID(), source: 'kwota/test' })]),
    deliver: (change: Partial<MessageStateChanged> & Pick<MessageStateChanged, 'messageId'>): Promise<void> =>
      messaging.publish([delivery.message({ ...aFinal, ...change }, { id: randomUUID(), source: 'kwota/test' })]),
    acceptedIds: (): number[] => handedOn.flatMap((record) => (record.kind === 'accepted' ? idsOf(record) : [])),
  };
};

/** Waits until what is published has been handled by the ledger and the facts are out. */
export const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  const endMs = Date.now() + 5_000;
  while (!(await isSo())) {
    if (Date.now() > endMs) throw new Error('it did not come to pass within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

export const openedWith = async (credits: number, ledger: Awaited<ReturnType<typeof startLedger>>): Promise<void> => {
  await ledger.ask(requests.openAccount, { account });
  await ledger.ask(requests.openUser, { account, userId: anna });
  if (credits > 0) await ledger.ask(requests.purchaseCredits, { account, reference: 'first', amountMilliCredits: credits * 1_000 });
};

export const aSubmission = (submission: Partial<SendSubmission> & Pick<SendSubmission, 'messageIds'>): SendSubmission => ({
  kind: 'send',
  account,
  userId: anna,
  receivers: submission.messageIds.map((id) => `+336000${String(id).padStart(5, '0')}`),
  sender: 'KWOTA',
  text: 'Your parcel is at the door.',
  coding: '7bit',
  parts: 1,
  noStop: true,
  source: 'http2sms',
  submittedAtMs: Date.now(),
  deadlineMs: Date.now() + 5_000,
  ...submission,
});

const aFinal: Omit<MessageStateChanged, 'messageId'> = {
  type: 'MessageStateChanged',
  account,
  userId: anna,
  sequence: 2,
  ptt: 4,
  dlr: 1,
  final: true,
  silent: false,
  submitted: true,
  parts: [{ ptt: 4, dlr: 1 }],
  atMs: 1_795_435_200_905,
};

const idsOf = (record: AcceptedSubmission): number[] => record.messages.map(({ messageId }) => messageId);
