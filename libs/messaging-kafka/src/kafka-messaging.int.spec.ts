import { startKafka } from '@kwota/kafka/kafka-broker';
import { messagingConformance } from '@kwota/messaging/conformance';
import { createHash } from 'node:crypto';
import { KafkaMessaging } from './kafka-messaging.js';

/** Topics are created, groups formed, and others use the machine. */
const timeoutMs = 30_000;

const broker = await startKafka();
afterAll(() => broker?.close());

let opened = 0;
/** A place of its own for each that has no name. */
const namespaceOf = (place: string | undefined): string => {
  const name = place ?? `${process.pid} ${(opened += 1)}`;
  return `test-${createHash('sha256').update(name).digest('hex').slice(0, 12)}.`;
};

if (broker)
  messagingConformance(
    'KafkaMessaging',
    (place, topics) =>
      KafkaMessaging.open({
        brokers: broker.brokers,
        clientId: 'conformance',
        topics,
        namespace: namespaceOf(place),
        backoff: { firstMs: 1, maxMs: 5 },
        timeouts: { sessionTimeoutMs: 2_000, heartbeatMs: 300 },
      }),
    timeoutMs,
  );
else it.skip('NOT RUN: needs Java 17 and Maven', () => {});
