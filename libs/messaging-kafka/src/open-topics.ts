// `kwota topics`: the topics that there must be, as a table for people.
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import type { TopicDefinition } from '@kwota/messaging';
import type { KafkaConfig } from '@kwota/service-kit/common-config';
import { clientOptionsOf } from './open-kafka.js';
import { applyTopics, planTopics, readTopics, tellDifference, wantedTopics, withAdmin, type WantedTopic } from './topics.js';

export type TopicState = Readonly<{ topic: string; partitions: number; kept: string; difference: string | undefined }>;

/** @throws what kafkajs does when no broker answers. */
export const showTopics = (config: KafkaConfig): Promise<TopicState[]> =>
  withAdmin(clientOptionsOf(config, 'kwota.cli'), async (admin) => {
    const wanted = wantedOf(config);
    return statesOf(wanted, planTopics(wanted, await readTopics(admin, wanted, true)));
  });

/** Creates what is missing and sets what differs. @throws what kafkajs does when no broker answers, or it may not. */
export const applyWantedTopics = (config: KafkaConfig): Promise<TopicState[]> =>
  withAdmin(clientOptionsOf(config, 'kwota.cli'), async (admin) => {
    const wanted = wantedOf(config);
    const { replicationFactor } = config;
    return statesOf(wanted, await applyTopics(admin, planTopics(wanted, await readTopics(admin, wanted, true)), { replicationFactor }));
  });

const wantedOf = ({ partitionCount, namespace }: KafkaConfig): WantedTopic[] => wantedTopics(topicDefinitions, partitionCount, namespace);

const statesOf = (wanted: readonly WantedTopic[], differences: ReturnType<typeof planTopics>): TopicState[] => {
  const byTopic = new Map(differences.map((difference) => [difference.topic, tellDifference(difference)]));
  return wanted.map(({ topic, partitionCount }, index) => ({ topic, partitions: partitionCount, kept: keptFor(topicDefinitions[index]), difference: byTopic.get(topic) }));
};

const dayMs = 24 * 60 * 60 * 1_000;
const keptFor = (definition: TopicDefinition | undefined): string => {
  if (!definition) return '';
  const { kept } = definition;
  if (kept.kind === 'compacted') return 'compacted';
  const days = kept.retentionMs / dayMs;
  return days === 1 ? '1 day' : `${days} days`;
};
