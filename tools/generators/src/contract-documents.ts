import { asyncApiDocument, type GoldenExamples } from '@kwota/contracts/asyncapi-document';
import { eventsDocument } from '@kwota/contracts/events-document';
import { publishedContracts } from '@kwota/contracts/published-contracts';
import { readdirSync, readFileSync } from 'node:fs';

export const workspace = new URL('../../../', import.meta.url);
const goldenFolder = new URL('libs/contracts/golden/', workspace);
export const publishedFolder = 'libs/contracts/published/';

const goldenExamples = (): GoldenExamples =>
  Object.fromEntries(
    readdirSync(goldenFolder).map((file) => [file.slice(0, -'.json'.length), JSON.parse(readFileSync(new URL(file, goldenFolder), 'utf8'))]),
  );

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Path in the workspace and text of every file that is made from the contracts. */
export const contractDocuments = (): ReadonlyMap<string, string> => {
  const golden = goldenExamples();
  return new Map([
    ...publishedContracts().map(({ file, topic, messages }) => [`${publishedFolder}${file}`, json({ topic, messages })] as const),
    ['docs/asyncapi.json', json(asyncApiDocument(golden))] as const,
    ['docs/events.md', eventsDocument(golden)] as const,
  ]);
};
