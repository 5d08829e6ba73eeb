import type { TopicDefinition } from '@kwota/messaging';
import { planTopics, tellDifference, wantedTopics, type TopicThere } from './topics.js';

const dayMs = 86_400_000;
const definitions: readonly TopicDefinition[] = [
  { topic: 'work.v1', kept: { kind: 'for', retentionMs: 14 * dayMs } },
  { topic: 'state.v1', kept: { kind: 'compacted' } },
  { topic: 'replies.v1', kept: { kind: 'ephemeral', retentionMs: dayMs } },
];
const wanted = wantedTopics(definitions, 8, 'a.');
const asWanted = new Map<string, TopicThere>(wanted.map(({ topic, partitionCount, settings }) => [topic, { partitionCount, settings }]));
const except = (topic: string, there: TopicThere): Map<string, TopicThere> => new Map(asWanted).set(topic, there);

it('how a topic is kept becomes its settings, under the name with the namespace', () => {
  expect(wanted).toEqual([
    { topic: 'a.work.v1', partitionCount: 8, settings: { 'cleanup.policy': 'delete', 'retention.ms': '1209600000' } },
    { topic: 'a.state.v1', partitionCount: 8, settings: { 'cleanup.policy': 'compact' } },
    { topic: 'a.replies.v1', partitionCount: 8, settings: { 'cleanup.policy': 'delete', 'retention.ms': '86400000' } },
  ]);
});

it('the topics of the contracts are wanted where none are named', () => {
  expect(wantedTopics().map(({ topic }) => topic)).toEqual(expect.arrayContaining(['kwota.accepted.v1', 'kwota.accepted.v1.dead', 'kwota.replies.v1']));
});

const kept = { 'cleanup.policy': 'delete', 'retention.ms': '1209600000' };

describe('against what is there', () => {
  it.each<[string, ReadonlyMap<string, TopicThere>, string[]]>([
    ['all is as it must be', asWanted, []],
    ['nothing is there', new Map(), ['topic a.work.v1 is not there', 'topic a.state.v1 is not there', 'topic a.replies.v1 is not there']],
    ['another number of partitions', except('a.work.v1', { partitionCount: 3, settings: kept }), ['topic a.work.v1 has 3 partitions, and keys need it to have 8']],
    ['kept too short', except('a.work.v1', { partitionCount: 8, settings: { ...kept, 'retention.ms': '1000' } }), ['topic a.work.v1 has other settings: retention.ms is 1000, not 1209600000']],
    ['not compacted', except('a.state.v1', { partitionCount: 8, settings: {} }), ['topic a.state.v1 has other settings: cleanup.policy is not set, not compact']],
    ['settings of others are no difference', except('a.work.v1', { partitionCount: 8, settings: { ...kept, 'max.message.bytes': '2000000' } }), []],
  ])('%s', (_, there, expected) => expect(planTopics(wanted, there).map(tellDifference)).toEqual(expected));
});
