// What the specs against a real broker share.
import { deadLetterTopicOf, type TopicDefinition } from '@kwota/messaging';
import { KafkaMessaging, type KafkaMessagingOptions } from './kafka-messaging.js';

const dayMs = 24 * 60 * 60 * 1_000;
export const work = 'work.v1';
export const more = 'more.v1';
export const facts = 'facts.v1';
export const state = 'state.v1';
export const topicsUnderTest: readonly TopicDefinition[] = [
  ...[work, deadLetterTopicOf(work), more, facts].map((topic): TopicDefinition => ({ topic, kept: { kind: 'for', retentionMs: dayMs } })),
  { topic: state, kept: { kind: 'compacted' } },
];

export const openUnderTest = (brokers: readonly string[], namespace: string, options: Partial<KafkaMessagingOptions> = {}): Promise<KafkaMessaging> =>
  KafkaMessaging.open({
    brokers,
    clientId: 'under-test',
    topics: topicsUnderTest,
    namespace: `${namespace}.`,
    backoff: { firstMs: 1, maxMs: 20 },
    timeouts: { sessionTimeoutMs: 2_000, heartbeatMs: 300 },
    ...options,
  });

export const messageTo = (topic: string, key: string, value: unknown) => ({ topic, key, value: JSON.stringify(value), headers: {} });

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const untilEveryMs = 20;

/** @throws Error with what `tell` says when it does not come true in time. */
export const until = async (isTrue: () => boolean, withinMs: number, tell: () => unknown = () => ''): Promise<void> => {
  for (const deadlineMs = performance.now() + withinMs; !isTrue(); await sleep(untilEveryMs))
    if (performance.now() > deadlineMs) throw new Error(`not within ${withinMs} ms: ${JSON.stringify(tell())}`);
};
