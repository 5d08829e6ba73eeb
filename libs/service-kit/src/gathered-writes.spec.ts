import { GatheredWrites } from './gathered-writes.js';

const gathering = (failures: number, spacingMs = 0) => {
  const written: number[][] = [];
  const failed: string[] = [];
  let attempts = 0;
  const write = async (items: readonly number[]): Promise<void> => {
    attempts += 1;
    if (attempts <= failures) throw new RangeError('the disk is full');
    written.push([...items]);
  };
  return { written, failed, writes: new GatheredWrites<number>(write, (error) => failed.push(error.name), spacingMs) };
};

it('what is recorded together is written together', async () => {
  const { written, writes } = gathering(0);
  for (const item of [1, 2, 3]) writes.record(item);
  await writes.close();
  expect(written).toEqual([[1, 2, 3]]);
});

it('after a turn the next one comes so much later, with all that came meanwhile', async () => {
  const { written, writes } = gathering(0, 50);
  writes.record(1);
  await new Promise((resolve) => setTimeout(resolve, 10));
  for (const item of [2, 3]) {
    writes.record(item);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await writes.close();
  expect(written).toEqual([[1], [2, 3]]);
});

it('what could not be written comes again, in order, and the failure is told', async () => {
  const { written, failed, writes } = gathering(1);
  for (const item of [1, 2]) writes.record(item);
  await new Promise((resolve) => setTimeout(resolve, 20));
  writes.record(3);
  await new Promise((resolve) => setTimeout(resolve, 600));
  await writes.close();
  expect([written, failed]).toEqual([[[1, 2, 3]], ['RangeError']]);
});

it('closing does not wait for ever for a disk that stays full', async () => {
  const { written, failed, writes } = gathering(Number.POSITIVE_INFINITY);
  writes.record(1);
  await writes.close();
  expect([written, failed]).toEqual([[], ['RangeError']]);
});
