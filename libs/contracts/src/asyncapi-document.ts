import { allRequests, allTopics } from './all.js';
import { requestsKept } from './define-request.js';
import { ephemeral, type TopicContract } from './define-topic.js';
import { publishedContracts, repliesTopic, replyTypeOf } from './published-contracts.js';
import { submissions, submissionReplyType } from './submissions.v1.js';

/** Golden examples by file name: of a topic by message, of a service by request. */
export type GoldenExamples = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Every topic, message, request and reply as AsyncAPI 3, seen from Kwota: it sends facts and work, receives requests and answers them. */
export const asyncApiDocument = (golden: GoldenExamples): object => ({
  asyncapi: '3.0.0',
  info: {
    title: 'Kwota',
    version: '1.0.0',
    description:
      'The messages between the services of Kwota, in Kafka records with CloudEvents 1.0 headers (binary mode). Topics of `facts` are public: subscribe to them as you like, ' +
      'skip what you do not know, expect repeats. The others are between the services alone.',
  },
  defaultContentType: 'application/json',
  channels: Object.fromEntries(publishedContracts().map(({ topic, messages }) => [topic, channelOf(topic, Object.keys(messages))])),
  operations: { ...Object.fromEntries(allTopics.map(sendOperation)), ...Object.fromEntries(requestOperations()) },
  components: {
    messages: Object.fromEntries(
      publishedContracts().flatMap(({ messages }) =>
        Object.entries(messages).map(([type, payload]) => [type, messageOf(type, payload, examplesByType(golden).get(type))]),
      ),
    ),
    messageTraits: { cloudEvent: { headers: cloudEventHeaders } },
  },
});

/** A message's key in its topic and its example, by CloudEvents type. */
const examplesByType = (golden: GoldenExamples): ReadonlyMap<string, Readonly<{ payload: unknown; key?: string }>> => {
  const metadata = { id: '1', source: 'kwota' };
  const ofTopics = allTopics.flatMap(({ noun, message }) =>
    Object.values(golden[noun] ?? {}).map((payload) => {
      const { key, headers } = message(payload, metadata);
      return [headers['ce_type'] ?? '', { payload, key }] as const;
    }),
  );
  const ofRequests = allRequests.flatMap(({ service, name, type, message }) => {
    const { request, reply } = (golden[`${service}.requests`]?.[name] ?? {}) as { request?: unknown; reply?: unknown };
    return [
      [type, { payload: request, key: message(request, metadata).key }],
      [replyTypeOf(service, name), { payload: reply }],
    ] as const;
  });
  return new Map<string, Readonly<{ payload: unknown; key?: string }>>([...ofTopics, ...ofRequests]);
};

const cloudEventHeaders = {
  type: 'object',
  required: ['ce_specversion', 'ce_type', 'ce_source', 'ce_id'],
  properties: {
    ce_specversion: { const: '1.0' },
    ce_type: { type: 'string', description: 'Names the message and its version.' },
    ce_source: { type: 'string', description: '`kwota/<service>`.' },
    ce_id: { type: 'string', description: 'With the source it is unique: a repeat has the same.' },
    traceparent: { type: 'string', description: 'W3C trace context, where there is one.' },
  },
};

const messageOf = (type: string, payload: object, example: Readonly<{ payload: unknown; key?: string }> | undefined): object => ({
  name: type,
  traits: [{ $ref: '#/components/messageTraits/cloudEvent' }],
  contentType: 'application/json',
  payload,
  ...(example?.key === undefined ? {} : { bindings: { kafka: { key: { type: 'string', examples: [example.key] }, bindingVersion: '0.5.0' } } }),
  ...(example ? { examples: [{ payload: example.payload }] } : {}),
});

const channelOf = (topic: string, types: readonly string[]): object => {
  const contract = allTopics.find((one) => one.topic === topic);
  const kept = contract?.kept ?? (topic === repliesTopic ? ephemeral : requestsKept);
  return {
    address: topic,
    description: contract ? contract.description : topic === repliesTopic ? 'Answers, each for the instance that its header reply-to names.' : 'Requests to one service.',
    messages: Object.fromEntries(types.map((type) => [type, { $ref: `#/components/messages/${type}` }])),
    bindings: { kafka: { topic, topicConfiguration: topicConfigurationOf(kept), bindingVersion: '0.5.0' } },
    tags: [{ name: contract?.audience ?? 'work' }, ...(contract && !contract.personalData ? [{ name: 'no-personal-data' }] : [])],
  };
};

const topicConfigurationOf = (kept: TopicContract<unknown>['kept']): object =>
  kept.kind === 'compacted' ? { 'cleanup.policy': ['compact'] } : { 'cleanup.policy': ['delete'], 'retention.ms': kept.retentionMs };

const channelRef = (topic: string): object => ({ $ref: `#/channels/${topic}` });
const messageRef = (topic: string, type: string): object => ({ $ref: `#/channels/${topic}/messages/${type}` });

const sendOperation = (contract: TopicContract<unknown>): readonly [string, object] => {
  const { noun, topic, names, audience } = contract;
  const reply = topic === submissions.topic ? { reply: replyOf(submissionReplyType) } : {};
  return [
    `${audience === 'facts' ? 'publish' : 'hand-on'}-${noun}`,
    { action: 'send', channel: channelRef(topic), messages: names.map((name) => messageRef(topic, `kwota.${noun}.${name}.v1`)), ...reply },
  ];
};

const requestOperations = (): readonly (readonly [string, object])[] =>
  allRequests.map(({ service, name, topic, type, description }) => [
    `${service}.${name}`,
    { action: 'receive', description, channel: channelRef(topic), messages: [messageRef(topic, type)], reply: replyOf(replyTypeOf(service, name)) },
  ]);

const replyOf = (type: string): object => ({ channel: channelRef(repliesTopic), messages: [messageRef(repliesTopic, type)] });
