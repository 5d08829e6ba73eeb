import { deadLetterTopicOf, type TopicDefinition } from '@kwota/messaging';

export const crashTopic = 'kwota.crash.v1';
export const crashTopics: readonly TopicDefinition[] = [crashTopic, deadLetterTopicOf(crashTopic)].map((topic) => ({
  topic,
  kept: { kind: 'for', retentionMs: 60 * 60 * 1_000 },
}));
