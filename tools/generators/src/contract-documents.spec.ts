import { Parser } from '@asyncapi/parser';
import { readFileSync } from 'node:fs';
import { contractDocuments, workspace } from './contract-documents.js';

const documents = contractDocuments();
const parserTimeoutMs = 30_000;

// libs/contracts compares what is published.
it.each([...documents].filter(([path]) => path.startsWith('docs/')))('%s is what the contracts make of it (else: npx nx run generators:publish-contracts)', (path, text) => {
  expect(readFileSync(new URL(path, workspace), 'utf8')).toBe(text);
});

describe('the AsyncAPI document', () => {
  const text = documents.get('docs/asyncapi.json') ?? '';
  const errorsOf = async (document: string): Promise<readonly string[]> => {
    const { diagnostics } = await new Parser().parse(document);
    return diagnostics.filter(({ severity }) => severity === 0).map(({ code }) => String(code));
  };

  // Examples the parser leaves alone in version 3: libs/contracts holds them to their schemas.
  it('is valid, its schemas and references included', async () => {
    expect(await errorsOf(text)).toEqual([]);
  }, parserTimeoutMs);

  it('would be found invalid with a reference that leads nowhere', async () => {
    expect(await errorsOf(text.replace('#/components/messages/kwota.credit.ticked.v1', '#/components/messages/none'))).toContain('invalid-ref');
  }, parserTimeoutMs);
});

it('events.md shows fields, no number and no text of an example', () => {
  expect(documents.get('docs/events.md')).not.toMatch(/\+33\d|parcel/);
});
