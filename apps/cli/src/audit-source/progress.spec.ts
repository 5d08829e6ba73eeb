import { progressLine, withProgress } from './progress.js';

it('a reading of a known length is a bar', () => expect(progressLine(250_000, 1_000_000)).toBe('[######..................] 25 %  250,000 events'));
it('one of an unknown length is a count', () => expect(progressLine(250_000, undefined)).toBe('250,000 events'));
it('more than was counted before is all', () => expect(progressLine(11, 10)).toContain('100 %'));

it('a short reading shows nothing', async () => {
  const shown: string[] = [];
  async function* none() {}
  for await (const event of withProgress(none(), 0, (line) => void shown.push(line))) throw new Error(event.id);
  expect(shown).toEqual([]);
});
