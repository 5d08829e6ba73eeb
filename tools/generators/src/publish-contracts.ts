// Writes what is made from the contracts; refuses where a published contract would break for those who read or write it already.
import { incompatibilities } from '@kwota/contracts/incompatibilities';
import { publishedContracts, type PublishedContract } from '@kwota/contracts/published-contracts';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { contractDocuments, publishedFolder, workspace } from './contract-documents.js';

mkdirSync(new URL(publishedFolder, workspace), { recursive: true });
const current = publishedContracts();
const breaks = readdirSync(new URL(publishedFolder, workspace)).flatMap((file) => {
  const published = JSON.parse(readFileSync(new URL(`${publishedFolder}${file}`, workspace), 'utf8')) as PublishedContract;
  return incompatibilities(
    published,
    current.find((contract) => contract.file === file),
  );
});

if (breaks.length > 0) {
  console.error(`A published contract would break. Make a topic of the next version instead:\n${breaks.map((one) => `- ${one}`).join('\n')}`);
  process.exitCode = 1;
} else {
  for (const [path, text] of contractDocuments()) writeFileSync(new URL(path, workspace), text);
}
