import { allRequests, allTopics } from './all.js';
import { jsonSchemaOf, alternativesOf, type JsonSchema } from './json-schema.js';
import { submissionReplySchema, submissionReplyType } from './submissions.v1.js';

/** One topic with the schema of each message on it, by CloudEvents type: what `published/<file>` holds. */
export type PublishedContract = Readonly<{ file: string; topic: string; messages: Readonly<Record<string, JsonSchema>> }>;

export const repliesTopic = 'kwota.replies.v1';

/** Every contract as outsiders see it; `published/` holds the same, and a change shows as a difference from there. */
export const publishedContracts = (): readonly PublishedContract[] => [
  ...allTopics.map(({ topic, noun, discriminator, names, schema }) => {
    const schemas = alternativesOf(jsonSchemaOf(schema));
    const messages = names.map((name, index) => [`kwota.${noun}.${name}.v1`, schemas[index] ?? missing(topic, discriminator, name)] as const);
    return published(topic, messages);
  }),
  ...[...new Set(allRequests.map(({ topic }) => topic))].map((topic) =>
    published(
      topic,
      allRequests.filter((request) => request.topic === topic).map(({ type, requestSchema }) => [type, jsonSchemaOf(requestSchema)]),
    ),
  ),
  published(repliesTopic, [
    [submissionReplyType, jsonSchemaOf(submissionReplySchema)],
    ...allRequests.map(({ service, name, replySchema }) => [replyTypeOf(service, name), jsonSchemaOf(replySchema)] as const),
  ]),
];

export const replyTypeOf = (service: string, name: string): string => `kwota.replies.${service}.${name}.v1`;

const published = (topic: string, messages: readonly (readonly [string, JsonSchema])[]): PublishedContract => ({
  file: `${topic.slice('kwota.'.length)}.json`,
  topic,
  messages: Object.fromEntries(messages),
});

const missing = (topic: string, discriminator: string, name: string): never => {
  throw new TypeError(`${topic} has no schema for the ${discriminator} ${name}`);
};
