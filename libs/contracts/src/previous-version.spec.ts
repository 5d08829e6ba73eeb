// Services are upgraded one by one: what the version before wrote is read by this one, and what this one writes was readable before.
import { Ajv } from 'ajv';
import { readdirSync, readFileSync } from 'node:fs';
import { allRequests, allTopics } from './all.js';
import { replyTypeOf } from './published-contracts.js';

const read = <Value>(path: string): Value => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')) as Value;
type Examples = Record<string, unknown>;
type RequestExamples = Record<string, { request: unknown; reply: unknown }>;

const ajv = new Ajv({ strict: true, formats: { 'date-time': true } });
const previousSchemas = Object.assign(
  {},
  ...readdirSync(new URL('../previous/published/', import.meta.url)).map((file) => read<{ messages: object }>(`previous/published/${file}`).messages),
) as Record<string, object>;
/** Undefined where the version before does not know the type. */
const violationsBefore = (type: string, message: unknown): unknown => {
  const schema = previousSchemas[type];
  if (!schema) return undefined;
  const accepts = ajv.compile(schema);
  return accepts(message) ? [] : accepts.errors;
};

// A topic that the version before did not have has nobody who could misread it.
const topicsBefore = new Set(readdirSync(new URL('../previous/golden/', import.meta.url)));
const oldTopics = allTopics.filter(({ noun }) => topicsBefore.has(`${noun}.json`));
describe.each(oldTopics.map((contract) => [contract.topic, contract] as const))('%s', (_, { noun, read: readMessage }) => {
  it.each(Object.entries(read<Examples>(`previous/golden/${noun}.json`)))('%s as the version before wrote it is read', (name, example) => {
    expect(readMessage(JSON.stringify(example), `kwota.${noun}.${name}.v1`)).toHaveProperty('message');
  });

  it.each(Object.entries(read<Examples>(`golden/${noun}.json`)))('%s as this version writes it could be read before, or is new', (name, example) => {
    expect([undefined, []]).toContainEqual(violationsBefore(`kwota.${noun}.${name}.v1`, example));
  });
});

const services = [...new Set(allRequests.map(({ service }) => service))];
describe.each(services)('requests of %s', (service) => {
  const contractOf = (name: string) => allRequests.find((contract) => contract.service === service && contract.name === name);

  it.each(Object.entries(read<RequestExamples>(`previous/golden/${service}.requests.json`)))('%s as the version before asked and answered it is read', (name, { request, reply }) => {
    expect(contractOf(name)?.readRequest(JSON.stringify(request))).toHaveProperty('message');
    expect(contractOf(name)?.readReply(JSON.stringify(reply))).toHaveProperty('message');
  });

  it.each(Object.entries(read<RequestExamples>(`golden/${service}.requests.json`)))('%s as this version asks and answers it could be read before, or is new', (name, { request, reply }) => {
    expect([undefined, []]).toContainEqual(violationsBefore(contractOf(name)?.type ?? '', request));
    expect([undefined, []]).toContainEqual(violationsBefore(replyTypeOf(service, name), reply));
  });
});
