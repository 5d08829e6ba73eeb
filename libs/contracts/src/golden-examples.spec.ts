import type { CreditEvent } from '@kwota/credit-ledger';
import { Ajv } from 'ajv';
import { readFileSync, readdirSync } from 'node:fs';
import { allRequests, allTopics, servicesWithRequests } from './all.js';
import type { CreditFact } from './credit.v1.js';
import { publishedContracts, replyTypeOf } from './published-contracts.js';

const goldenFolder = new URL('../golden/', import.meta.url);
const golden = <Example>(noun: string): Record<string, Example> => JSON.parse(readFileSync(new URL(`${noun}.json`, goldenFolder), 'utf8'));

// The pattern beside it says the same more exactly; Ajv asks for each format that it meets.
const ajv = new Ajv({ strict: true, formats: { 'date-time': true } });
const schemas = Object.assign({}, ...publishedContracts().map(({ messages }) => messages)) as Record<string, object>;
const violationsOf = (type: string, message: unknown) => {
  const accepts = ajv.compile(schemas[type] ?? { not: {} });
  return accepts(message) ? [] : accepts.errors;
};

describe.each(allTopics.map((contract) => [contract.topic, contract] as const))('%s', (_, { noun, names, message, read }) => {
  const examples = golden<unknown>(noun);

  it('has one golden example of each message, and no other', () => {
    expect(Object.keys(examples).sort()).toEqual([...names].sort());
  });

  it.each(Object.entries(examples))('%s: it is written, read and described by its JSON Schema without a change', (name, example) => {
    const { value, headers, content } = message(example, { id: '1', source: 'kwota/test' });
    expect(headers['ce_type']).toBe(`kwota.${noun}.${name}.v1`);
    expect(read(value, headers['ce_type'])).toEqual({ message: example });
    // Within one process it is not read again: it must be the same.
    expect(content).toEqual(example);
    expect(violationsOf(`kwota.${noun}.${name}.v1`, example)).toEqual([]);
  });

  it.each(Object.entries(examples))('%s: a field of a later writer is not in the way', (name, example) => {
    const later = { ...(example as object), fieldOfALaterWriter: 1 };
    expect(read(JSON.stringify(later), undefined)).toEqual({ message: example });
    expect(violationsOf(`kwota.${noun}.${name}.v1`, later)).toEqual([]);
  });

  it('a message of a later version is named, not guessed', () => {
    expect(read('{}', `kwota.${noun}.later.v2`)).toEqual({ unknownType: `kwota.${noun}.later.v2` });
  });

  it('a violation names fields, never values', () => {
    const [example] = Object.values(examples) as [object];
    const secret = '+33600000004';
    const outcome = read(JSON.stringify(Object.fromEntries(Object.keys(example).map((field) => [field, { secret }]))), undefined);
    expect(outcome).toHaveProperty('violation');
    expect(JSON.stringify(outcome)).not.toContain(secret);
  });
});

describe.each(servicesWithRequests)('requests of %s', (service) => {
  const examples = golden<{ request: unknown; reply: unknown }>(`${service}.requests`);
  const requests = allRequests.filter((request) => request.service === service);

  it('have one golden example each, and no other', () => {
    expect(Object.keys(examples).sort()).toEqual(requests.map(({ name }) => name).sort());
  });

  it.each(requests.map((request) => [request.name, request] as const))('%s: request and reply are read and described without a change', (name, contract) => {
    const { request, reply } = examples[name] ?? {};
    expect(contract.readRequest(JSON.stringify(request))).toEqual({ message: request });
    expect(contract.readReply(JSON.stringify(reply))).toEqual({ message: reply });
    expect(violationsOf(contract.type, request)).toEqual([]);
    expect(violationsOf(replyTypeOf(service, name), reply)).toEqual([]);
  });

  it.each(requests.map((request) => [request.name, request] as const))('%s: whoever asks can be told of a failure', (_, { readReply }) => {
    const failed = { outcome: 'failed', reason: 'the store is out of reach' };
    expect(readReply(JSON.stringify(failed))).toEqual({ message: failed });
  });
});

it('every golden file belongs to a contract', () => {
  const owners = [...allTopics.map(({ noun }) => noun), ...servicesWithRequests.map((service) => `${service}.requests`)];
  expect(readdirSync(goldenFolder).sort()).toEqual(owners.map((owner) => `${owner}.json`).sort());
});

describe('the credit topic', () => {
  type Writable<Value> = Value extends readonly (infer Item)[] ? Item[] : Value extends object ? { -readonly [Field in keyof Value]: Writable<Value[Field]> } : Value;
  const envelope = { account: 'sms-kw00001-1', accountSequence: 0, time: '2026-11-23T12:00:00.000Z' };

  it('takes every event of the credit ledger as it is (held by the type check)', () => {
    const factOf = (event: Writable<CreditEvent>): CreditFact => ({ ...event, ...envelope });
    expect(factOf({ type: 'AccountOpened' })).toEqual({ type: 'AccountOpened', ...envelope });
  });

  it('has no event that the credit ledger does not know (held by the type check)', () => {
    // The digests of what was submitted are no part of the public fact.
    const eventOf = (fact: CreditFact): Omit<CreditEvent, 'fingerprint' | 'clientKey'> => fact;
    expect(eventOf({ type: 'AccountFrozen', ...envelope })).toMatchObject({ type: 'AccountFrozen' });
  });
});
