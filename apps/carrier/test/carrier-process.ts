// The carrier as a process that a test can kill: carrier-process.ts <folder> <SMSC's URL> <messages to accept first>. It writes how many
// messages have a final report, each time that changes.
import { accepted } from '@kwota/contracts/accepted.v1';
import { operations } from '@kwota/contracts/operations.v1';
import { receipts } from '@kwota/contracts/receipts.v1';
import { deadLetterTopicOf } from '@kwota/messaging';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { createLogger } from '@kwota/service-kit/logger';
import { ProcessMetrics } from '@kwota/service-kit/metrics';
import { openRuntime } from '@kwota/service-kit/runtime';
import { startService } from '@kwota/service-kit/service';
import { join } from 'node:path';
import { readCarrierConfig } from '../src/carrier.config.js';
import { CarrierModule } from '../src/carrier.module.js';

const [dataDir = '', smscUrl = '', count = '0'] = process.argv.slice(2);
const topics = [accepted, receipts, operations].flatMap(({ topic, kept }) => [
  { topic, kept },
  { topic: deadLetterTopicOf(topic), kept },
]);
const messaging = await EmbeddedMessaging.open({ path: join(dataDir, 'messaging.db'), topics });
const logger = createLogger('carrier', 'error');
const metrics = new ProcessMetrics();
const runtime = openRuntime('carrier', { messaging, logger, metrics, dataDir, secretKey: 'test'.repeat(8), databaseUrl: '' });
const config = { ...readCarrierConfig({}), smscUrl };
await startService(CarrierModule.register(runtime, config), { name: 'carrier', messaging, logger });

const ended = new Set<number>();
await messaging.subscribe({
  topic: receipts.topic,
  group: 'test',
  kind: 'broadcast',
  handle: async (batch) => {
    for (const { value } of batch) {
      const read = receipts.read(value ?? '', undefined);
      if ('message' in read && read.message.final) ended.add(read.message.messageId);
    }
    process.stdout.write(`${ended.size}\n`);
  },
});

const perMessage = 10;
const submissions = Array.from({ length: Number(count) / perMessage }, (_, number) => {
  const first = number * perMessage;
  const message = {
    kind: 'accepted',
    account: `sms-kw0000${number % 5}-1`,
    userId: 'u-1',
    messages: Array.from({ length: perMessage }, (_, index) => ({
      messageId: first + index + 1,
      receiver: `+336${100_000 + first + index}45`,
      priceMilliCredits: 1_000,
    })),
    sender: 'KWOTA',
    text: 'Your parcel is at the door.',
    coding: '7bit',
    parts: 1,
    noStop: true,
    source: 'http2sms',
    acceptedAtMs: Date.now(),
    validUntilMs: Date.now() + 60_000,
  } as const;
  return accepted.message(message, { id: String(number), source: 'kwota/ledger' });
});
// In one commit: all of them are in the log before the first is submitted, and before any kill.
if (submissions.length > 0) await messaging.publish(submissions);
