import type { StoredEvent } from '@kwota/event-store';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportLines, isExport, NotAnExport, readExport } from './audit-export.js';
import { aShopAndABank } from './audit-log.testing.js';

const folder = mkdtempSync(join(tmpdir(), 'kwota-audit-export-'));
afterAll(() => rmSync(folder, { recursive: true }));

const all = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const listed: Item[] = [];
  for await (const item of items) listed.push(item);
  return listed;
};
async function* read(events: readonly StoredEvent[]) {
  yield* events;
}
const { stored } = aShopAndABank();
const written = async (events: readonly StoredEvent[], change = (lines: string[]) => lines): Promise<string> => {
  const path = join(folder, 'export.jsonl');
  writeFileSync(path, change(await all(exportLines(read(events)))).join(''));
  return path;
};
const contentOf = ({ stream, revision, position, type, data, hash }: StoredEvent) => [
  stream,
  revision,
  position,
  type,
  Buffer.from(data).toString('hex'),
  Buffer.from(hash).toString('hex'),
];

describe('an export', () => {
  it('gives back every event with its bytes and its hash', async () => {
    const path = await written(stored);
    expect(await isExport(path)).toBe(true);
    expect((await all(readExport(path))).map(contentOf)).toEqual(stored.map(contentOf));
  });

  it('keeps bytes that are no text, and separators that others take for the end of a line', async () => {
    const odd = [Buffer.from([0xff, 0xfe]), Buffer.from('"\u2028\r"'), Buffer.from('\ufeff{}')].map((data, at): StoredEvent => ({ ...stored[at]!, data }));
    expect((await all(readExport(await written(odd)))).map(contentOf)).toEqual(odd.map(contentOf));
  });

  it('that was cut off says so', async () => {
    const path = await written(stored, (lines) => lines.slice(0, -1));
    await expect(all(readExport(path))).rejects.toThrow(NotAnExport);
  });

  it.each([
    ['fewer events than its last line counts', (lines: string[]) => lines.toSpliced(3, 1)],
    ['a line that is no JSON', (lines: string[]) => lines.with(3, '{"index":\n')],
    ['a hash that is none', (lines: string[]) => lines.with(3, lines[3]!.replace(/"hash":"../, '"hash":"zz'))],
    ['an index below zero', (lines: string[]) => lines.with(3, lines[3]!.replace(/"index":\d+/, '"index":-1'))],
    ['something after its end', (lines: string[]) => [...lines, lines[3]!]],
    ['another format', (lines: string[]) => lines.with(0, '{"format":"kwota-audit-export/2"}\n')],
  ])('is refused with %s', async (_, change) => expect(all(readExport(await written(stored, change)))).rejects.toThrow(NotAnExport));
});
