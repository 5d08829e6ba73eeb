// The ledger as a process that a test can kill: ledger-process.ts <folder> <first message id, or 0 to send nothing>. It sends without pause and
// writes one line for each answer ("accepted 65537", "refused 65538"); with nothing to send, "settled" when all is handled.
import { delivery, type MessageStateChanged } from '@kwota/contracts/delivery.v1';
import { openAccount, openUser, purchaseCredits, setQuota } from '@kwota/contracts/ledger.requests.v1';
import { submissionReplySchema, submissions, type SendSubmission } from '@kwota/contracts/submissions.v1';
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { createLogger } from '@kwota/service-kit/logger';
import { ProcessMetrics } from '@kwota/service-kit/metrics';
import { RequestClient } from '@kwota/service-kit/request-client';
import { openRuntime } from '@kwota/service-kit/runtime';
import { startService } from '@kwota/service-kit/service';
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { LedgerModule } from '../src/ledger.module.js';

const [folder = '', firstId = '0'] = process.argv.slice(2);
const accounts = ['sms-kw00001-1', 'sms-kw00002-1', 'sms-kw00003-1'];
const userId = 'u-anna';
const say = (line: string): void => void writeSync(1, `${line}\n`);

const messaging = await EmbeddedMessaging.open({ path: join(folder, 'messaging.db'), topics: topicDefinitions });
const logger = createLogger('ledger', 'error');
const runtime = openRuntime('ledger', { messaging, logger, metrics: new ProcessMetrics(), dataDir: folder, secretKey: 'test'.repeat(8), databaseUrl: '' });
await startService(LedgerModule.register(runtime, { eventStoreUrl: '', ratesFile: '', sendDeadlineMs: 5_000 }), { name: 'ledger', messaging, logger });
const client = await RequestClient.start(messaging, 'test', 10_000);

if (firstId === '0') {
  await messaging.drain();
  say('settled');
} else {
  for (const account of accounts) {
    await client.ask(openAccount, { account });
    await client.ask(openUser, { account, userId });
    await client.ask(purchaseCredits, { account, reference: 'first', amountMilliCredits: 1_500_000 });
    await client.ask(setQuota, { account, userId, active: true, leftMilliCredits: 1_000_000 }, { id: `quota-${account}` });
  }
  let nextId = Number(firstId);
  const sender = async (): Promise<void> => {
    for (;;) {
      const messageId = nextId++;
      const account = accounts[messageId % accounts.length] ?? '';
      const send: SendSubmission = {
        kind: 'send',
        account,
        userId: messageId % 5 === 0 ? null : userId,
        messageIds: [messageId],
        receivers: ['+33600000001'],
        sender: 'KWOTA',
        text: 'Your parcel is at the door.',
        coding: '7bit',
        parts: 1,
        noStop: true,
        source: 'http2sms',
        submittedAtMs: Date.now(),
        deadlineMs: Date.now() + 60_000,
      };
      const reply = await client.raw.request(submissions.message(send, { id: randomUUID(), source: 'kwota/test' }), randomUUID(), 60_000);
      const { outcome } = submissionReplySchema.parse(JSON.parse(reply.value ?? ''));
      say(`${outcome} ${messageId}`);
      if (outcome !== 'accepted' || messageId % 2 === 0) continue;
      const part = messageId % 3 === 0 ? { ptt: 23, dlr: 16 as const } : { ptt: 4, dlr: 1 as const };
      const final: MessageStateChanged = {
        type: 'MessageStateChanged',
        account,
        userId,
        messageId,
        sequence: 2,
        ...part,
        final: true,
        silent: false,
        submitted: true,
        parts: [part],
        atMs: Date.now(),
      };
      await messaging.publish([delivery.message(final, { id: randomUUID(), source: 'kwota/test' })]);
    }
  };
  await Promise.all(Array.from({ length: 32 }, sender));
}
