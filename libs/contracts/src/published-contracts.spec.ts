import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { allTopics } from './all.js';
import { phoneNumber } from './fields.js';
import { incompatibilities } from './incompatibilities.js';
import { jsonSchemaOf } from './json-schema.js';
import { publishedContracts, type PublishedContract } from './published-contracts.js';

const folder = new URL('../published/', import.meta.url);
const published: readonly PublishedContract[] = readdirSync(folder).map((file) => ({ file, ...JSON.parse(readFileSync(new URL(file, folder), 'utf8')) }));
const current = publishedContracts();

it.each(published.map((contract) => [contract.file, contract] as const))('%s: whoever reads or writes what is published can go on', (file, contract) => {
  expect(incompatibilities(contract, current.find((one) => one.file === file))).toEqual([]);
});

it.each(current.map((contract) => [contract.file, contract] as const))('%s is published as it is (else: npx nx run generators:publish-contracts)', (file, contract) => {
  expect(published.find((one) => one.file === file)).toEqual(JSON.parse(JSON.stringify(contract)));
});

it.each(allTopics.filter(({ personalData }) => !personalData).map((contract) => [contract.topic, contract] as const))(
  '%s has no field for a password, a text or a number',
  (_topic, { schema }) => {
    const json = JSON.stringify(jsonSchemaOf(schema));
    const fields = [...json.matchAll(/"(\w+)":\{/g)].map(([, field]) => field ?? '');
    expect(fields).toContain('type');
    expect(fields.filter((field) => /password|secret|text|body|receiver|phone|number/i.test(field) && !field.endsWith('Digest'))).toEqual([]);
    expect(json).not.toContain(JSON.stringify(jsonSchemaOf(phoneNumber).pattern));
  },
);

describe('within a version', () => {
  const shape = {
    account: z.string().max(64),
    amount: z.int(),
    reason: z.enum(['withdrawn', 'silent']),
    tag: z.string().optional(),
    parts: z.array(z.object({ dlr: z.int() })).max(6),
    outcome: z.union([z.object({ sent: z.literal(true) }), z.object({ refused: z.literal(true) })]),
  };
  const contractOf = (schemas: Record<string, z.ZodType>): PublishedContract => ({
    file: 'tests.v1.json',
    topic: 'kwota.tests.v1',
    messages: Object.fromEntries(Object.entries(schemas).map(([type, schema]) => [type, jsonSchemaOf(schema)])),
  });
  const before = contractOf({ held: z.object(shape) });
  const changed = (fields: Record<string, z.ZodType>) => incompatibilities(before, contractOf({ held: z.object({ ...shape, ...fields }) }));

  it('nothing changed breaks nothing, in whatever order the fields stand', () => {
    expect(incompatibilities(before, contractOf({ held: z.object(Object.fromEntries(Object.entries(shape).reverse())) }))).toEqual([]);
  });

  it('a message may be added', () => {
    expect(incompatibilities(before, contractOf({ held: z.object(shape), captured: z.object(shape) }))).toEqual([]);
  });

  it('an optional field may be added', () => {
    expect(changed({ note: z.string().optional() })).toEqual([]);
    expect(changed({ parts: z.array(z.object({ dlr: z.int(), ptt: z.int().optional() })).max(6) })).toEqual([]);
  });

  const withoutAmount = Object.fromEntries(Object.entries(shape).filter(([field]) => field !== 'amount'));
  it.each([
    ['a message may not go', () => incompatibilities(before, contractOf({ captured: z.object(shape) })), ['held is gone']],
    ['a whole topic may not go', () => incompatibilities(before, undefined), ['held is gone']],
    ['a field may not go', () => incompatibilities(before, contractOf({ held: z.object(withoutAmount) })), ['held.amount is gone']],
    ['a field may not change its type', () => changed({ amount: z.string() }), ['held.amount has changed']],
    ['a limit may not move', () => changed({ account: z.string().max(32) }), ['held.account has changed']],
    ['a list may not grow longer', () => changed({ parts: z.array(z.object({ dlr: z.int() })).max(7) }), ['held.parts has changed']],
    ['a field within a list may not change', () => changed({ parts: z.array(z.object({ dlr: z.string() })).max(6) }), ['held.parts[].dlr has changed']],
    ['a choice may not be added: older readers would refuse it', () => changed({ reason: z.enum(['withdrawn', 'silent', 'new']) }), ['held.reason has changed']],
    ['a field may not become optional: older readers need it', () => changed({ amount: z.int().optional() }), ['held.amount has become optional']],
    ['a field may not become required: older writers leave it out', () => changed({ tag: z.string() }), ['held.tag has become required']],
    ['a required field may not be added: older writers do not have it', () => changed({ note: z.string() }), ['held.note is new and required']],
    ['an alternative may not change', () => changed({ outcome: z.union([z.object({ sent: z.literal(true) }), z.object({ lost: z.literal(true) })]) }), ['held.outcome: an alternative has changed or is gone']],
    ['an alternative may not be added', () => changed({ outcome: z.union([...shape.outcome.options, z.object({ lost: z.literal(true) })]) }), ['held.outcome: an alternative is new']],
    ['a value may not become one of several', () => changed({ amount: z.union([z.int(), z.null()]) }), ['held.amount has changed']],
  ])('%s', (_name, breaks, reasons) => {
    expect(breaks()).toEqual(reasons);
  });
});
