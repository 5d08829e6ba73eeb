// The topics that there must be against those that there are, and the way from one to the other: at open, and for `kwota topics`.
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { defaultPartitionCount, type TopicDefinition } from '@kwota/messaging';
import kafkajs, { type Admin } from 'kafkajs';
import { openClient, type KafkaClientOptions } from './kafka-client.js';

// kafkajs is CommonJS: Node finds these two on its default export alone.
const { ConfigResourceTypes, ConfigSource } = kafkajs;

export type WantedTopic = Readonly<{ topic: string; partitionCount: number; settings: Readonly<Record<string, string>> }>;

/** `settings`: those that the topic sets itself, not the broker's defaults. */
export type TopicThere = Readonly<{ partitionCount: number; settings: Readonly<Record<string, string>> }>;

export type TopicDifference = Readonly<{ topic: string; wanted: WantedTopic }> &
  (
    | Readonly<{ kind: 'missing' }>
    /** Keys would move to other partitions: nothing here mends it. */
    | Readonly<{ kind: 'partition-count'; there: number }>
    | Readonly<{ kind: 'settings'; there: TopicThere }>
  );

export type ApplyOptions = Readonly<{ /** The broker's default where left out. */ replicationFactor?: number }>;

/** The names are the broker's: with the namespace. */
export const wantedTopics = (definitions: readonly TopicDefinition[] = topicDefinitions, partitionCount = defaultPartitionCount, namespace = ''): WantedTopic[] =>
  definitions.map(({ topic, kept }) => ({ topic: namespace + topic, partitionCount, settings: settingsOf(kept) }));

const settingsOf = (kept: TopicDefinition['kept']): Record<string, string> =>
  kept.kind === 'compacted' ? { 'cleanup.policy': 'compact' } : { 'cleanup.policy': 'delete', 'retention.ms': String(kept.retentionMs) };

export const planTopics = (wanted: readonly WantedTopic[], there: ReadonlyMap<string, TopicThere>): TopicDifference[] =>
  wanted.flatMap((one): TopicDifference[] => {
    const { topic, partitionCount, settings } = one;
    const found = there.get(topic);
    if (!found) return [{ kind: 'missing', topic, wanted: one }];
    const differences: TopicDifference[] = [];
    if (found.partitionCount !== partitionCount) differences.push({ kind: 'partition-count', topic, wanted: one, there: found.partitionCount });
    if (Object.entries(settings).some(([name, value]) => found.settings[name] !== value)) differences.push({ kind: 'settings', topic, wanted: one, there: found });
    return differences;
  });

/** A sentence for people. */
export const tellDifference = (difference: TopicDifference): string => {
  const { topic, wanted } = difference;
  if (difference.kind === 'missing') return `topic ${topic} is not there`;
  if (difference.kind === 'partition-count') return `topic ${topic} has ${difference.there} partitions, and keys need it to have ${wanted.partitionCount}`;
  const settings = Object.entries(wanted.settings).filter(([name, value]) => difference.there.settings[name] !== value);
  return `topic ${topic} has other settings: ${settings.map(([name, value]) => `${name} is ${difference.there.settings[name] ?? 'not set'}, not ${value}`).join(', ')}`;
};

/** Those of the wanted that are there. Settings cost a request more. */
export const readTopics = async (admin: Admin, wanted: readonly WantedTopic[], withSettings: boolean): Promise<Map<string, TopicThere>> => {
  const names = new Set(await admin.listTopics());
  const topics = wanted.map(({ topic }) => topic).filter((topic) => names.has(topic));
  if (topics.length === 0) return new Map();
  const { topics: found } = await admin.fetchTopicMetadata({ topics });
  const settings = withSettings ? await readSettings(admin, topics) : new Map<string, Record<string, string>>();
  return new Map(found.map(({ name, partitions }) => [name, { partitionCount: partitions.length, settings: settings.get(name) ?? {} }]));
};

const readSettings = async (admin: Admin, topics: readonly string[]): Promise<Map<string, Record<string, string>>> => {
  const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: topics.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })) });
  return new Map(
    resources.map(({ resourceName, configEntries }) => {
      const own = configEntries.filter(({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG);
      return [resourceName, Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue]))];
    }),
  );
};

/** Creates what is missing and sets what differs; gives back what it cannot mend. */
export const applyTopics = async (admin: Admin, differences: readonly TopicDifference[], { replicationFactor = -1 }: ApplyOptions = {}): Promise<TopicDifference[]> => {
  const missing = differences.filter(({ kind }) => kind === 'missing').map(({ wanted }) => wanted);
  if (missing.length > 0)
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map(({ topic, partitionCount, settings }) => ({
        topic,
        numPartitions: partitionCount,
        replicationFactor,
        configEntries: entriesOf(settings),
      })),
    });
  const changed = differences.filter((difference) => difference.kind === 'settings');
  if (changed.length > 0)
    await admin.alterConfigs({
      validateOnly: false,
      // This request replaces all that the topic sets itself: what an operator has set must go along.
      resources: changed.map(({ topic, there, wanted }) => ({
        type: ConfigResourceTypes.TOPIC,
        name: topic,
        configEntries: entriesOf({ ...there.settings, ...wanted.settings }),
      })),
    });
  return differences.filter(({ kind }) => kind === 'partition-count');
};

const entriesOf = (settings: Readonly<Record<string, string>>): { name: string; value: string }[] =>
  Object.entries(settings).map(([name, value]) => ({ name, value }));

const lookTimeouts = { retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 }, requestTimeoutMs: 10_000 };

/** For a look from outside: connects, hands over kafkajs's admin, and disconnects. @throws what kafkajs does when no broker answers. */
export const withAdmin = async <Result>(options: KafkaClientOptions, look: (admin: Admin) => Promise<Result>): Promise<Result> => {
  const admin = openClient(options, lookTimeouts).kafka.admin();
  try {
    await admin.connect();
    return await look(admin);
  } finally {
    await admin.disconnect().catch(() => {});
  }
};
