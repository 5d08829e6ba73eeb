import { allRequests, allTopics, servicesWithRequests } from './all.js';
import type { GoldenExamples } from './asyncapi-document.js';
import { kebab, type TopicContract } from './define-topic.js';
import { alternativesOf, jsonSchemaOf, type JsonSchema } from './json-schema.js';
import { submissionReplySchema } from './submissions.v1.js';

const dayMs = 24 * 60 * 60 * 1_000;

/** docs/events.md: every topic, message and request on one page. */
export const eventsDocument = (golden: GoldenExamples): string =>
  [
    '# Topics, events and requests',
    '<!-- Made from libs/contracts by `npx nx run generators:publish-contracts`: change the contracts, not this page. -->',
    'Every record is JSON in UTF-8 with CloudEvents 1.0 headers (`ce_type`, `ce_source`, `ce_id`, and `traceparent` where there is a trace).\n' +
      'The same as AsyncAPI 3: [asyncapi.json](asyncapi.json); as JSON Schema: `libs/contracts/published`; an example of each: `libs/contracts/golden`.',
    'A field with `?` may be absent. Amounts are milli-credits: 1 credit is 1000. Times end in `Ms` (milliseconds since 1970) or are ISO 8601 in UTC.',
    'Topics of facts are public. Records come at least once and in order within a key; know a repeat by `ce_source` and `ce_id`. Skip the types and the fields\n' +
      'that you do not know: within a version both may be added, nothing else changes. Each topic but `kwota.replies.v1` has a `.dead` one for what could not be handled.',
    '| topic | for | key, e.g. | kept | texts and numbers |\n|---|---|---|---|---|\n' +
      [...allTopics.map((contract) => topicRow(contract, golden)), ...requestTopicRows(golden), repliesRow].join('\n'),
    ...allTopics.map(topicSection),
    '## Replies to submissions\n\nOver `kwota.replies.v1`, to the instance that the header `reply-to` of the submission names.\n\n' +
      alternativesOf(jsonSchemaOf(submissionReplySchema))
        .map((reply) => `- ${shapeOf(reply)}`)
        .join('\n'),
    ...servicesWithRequests.map(requestsSection),
  ].join('\n\n') + '\n';

const topicRow = ({ topic, noun, audience, kept, personalData, message }: TopicContract<unknown>, golden: GoldenExamples): string => {
  const [example] = Object.values(golden[noun] ?? {});
  const { key } = message(example, { id: '1', source: 'kwota' });
  return row(topic, audience === 'facts' ? 'all: facts' : 'the next service: work', `\`${key.replaceAll('|', '\\|')}\``, keptOf(kept), personalData ? 'yes' : 'no');
};

const requestTopicRows = (golden: GoldenExamples): readonly string[] =>
  servicesWithRequests.map((service) => {
    const [first] = allRequests.filter((request) => request.service === service);
    const { request } = (golden[`${service}.requests`]?.[first?.name ?? ''] ?? {}) as { request?: unknown };
    const key = first?.message(request, { id: '1', source: 'kwota' }).key ?? '';
    return row(`kwota.requests.${service}.v1`, `${service}: requests`, `\`${key}\``, '1 day', 'sealed where secret');
  });

const repliesRow = '| `kwota.replies.v1` | whoever asked, by `reply-to` | that of the request | 1 day | sealed where secret |';

const row = (topic: string, ...cells: readonly string[]): string => `| \`${topic}\` | ${cells.join(' | ')} |`;

const keptOf = (kept: TopicContract<unknown>['kept']): string => {
  if (kept.kind === 'compacted') return 'the last of each key';
  const days = kept.retentionMs / dayMs;
  return days === 1 ? '1 day' : `${days} days`;
};

const topicSection = ({ topic, noun, description, discriminator, schema }: TopicContract<unknown>): string => {
  const messages = alternativesOf(jsonSchemaOf(schema)).map((message) => {
    const name = String(message.properties?.[discriminator]?.const);
    return `| \`${name}\` | \`kwota.${noun}.${kebab(name)}.v1\` | ${fieldsOf(message, discriminator)} |`;
  });
  return [`## ${topic}`, description, `| ${discriminator} | \`ce_type\` | fields |\n|---|---|---|\n${messages.join('\n')}`].join('\n\n');
};

const requestsSection = (service: string): string => {
  const requests = allRequests.filter((request) => request.service === service);
  const sections = requests.map(({ name, description, requestSchema, replySchema }) =>
    [
      `### ${service}: ${name}`,
      description,
      [
        `- request: ${fieldsOf(jsonSchemaOf(requestSchema)) || 'nothing'}`,
        // That a request may fail is said once, above.
        ...alternativesOf(jsonSchemaOf(replySchema))
          .filter((reply) => reply.properties?.['outcome']?.const !== 'failed')
          .map((reply) => `- reply: ${shapeOf(reply)}`),
      ].join('\n'),
    ].join('\n\n'),
  );
  return [`## Requests to ${service}`, `The type of a request is \`kwota.requests.${service}.<name>.v1\`. Any reply may be \`failed\` with a \`reason\`: ask again.`, ...sections].join('\n\n');
};

/** A reply in a line: its outcome, the codes of a refusal, its fields. */
const shapeOf = (reply: JsonSchema): string => {
  const { outcome, code } = reply.properties ?? {};
  const codes = choices(code?.enum ?? []);
  const rest = Object.keys(reply.properties ?? {}).filter((field) => field !== 'outcome' && (field !== 'code' || codes === ''));
  const fields = rest.map((field) => fieldOf(reply, field)).join(', ');
  return [`**${String(outcome?.const ?? 'answer')}**`, codes && `with code ${codes}`, fields && `with ${fields}`].filter(Boolean).join(' ');
};

const fieldsOf = (schema: JsonSchema, ...without: readonly string[]): string =>
  Object.keys(schema.properties ?? {})
    .filter((field) => !without.includes(field))
    .map((field) => fieldOf(schema, field))
    .join(', ');

const fieldOf = (schema: JsonSchema, field: string): string => {
  const optional = schema.required?.includes(field) ? '' : '?';
  const kind = kindOf(schema.properties?.[field] ?? {});
  return `\`${field}${optional}\`${kind && ` (${kind})`}`;
};

/** What a field's name does not tell: its choices, its own fields, whether it may be null. */
const kindOf = (schema: JsonSchema): string => {
  const alternatives = alternativesOf(schema);
  if (alternatives.length > 1 && alternatives.every((one) => one.const !== undefined)) return choices(alternatives.map((one) => one.const));
  if (alternatives.length > 1) return alternatives.map((one) => (one.type === 'null' ? 'or null' : kindOf(one))).filter(Boolean).join(', ');
  if (schema.const !== undefined) return `always \`${String(schema.const)}\``;
  if (schema.enum) return choices(schema.enum);
  if (schema.items) return ['a list', kindOf(schema.items)].filter(Boolean).join(' of ');
  if (schema.properties) return fieldsOf(schema);
  return '';
};

const choices = (values: readonly unknown[]): string => values.map((value) => `\`${String(value)}\``).join(', ');
