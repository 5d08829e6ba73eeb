import { AppendLanes } from './append-lanes.js';

const turn = (): Promise<void> => new Promise(setImmediate);

it('a stream has one append under way, in the order of the calls; other streams go beside it', async () => {
  const lanes = new AppendLanes(15);
  const begun: string[] = [];
  const append = (name: string) => async (): Promise<string> => {
    begun.push(name);
    await turn();
    return name;
  };
  const all = Promise.all([lanes.run('a', 1, append('a1')), lanes.run('a', 1, append('a2')), lanes.run('b', 1, append('b1'))]);
  await Promise.resolve();
  await turn();
  expect(begun.slice(0, 2)).toEqual(['a1', 'b1']);
  expect(await all).toEqual(['a1', 'a2', 'b1']);
});

it('together they weigh no more than the most, and a heavy one is passed by nobody who came later', async () => {
  const lanes = new AppendLanes(4);
  let underWay = 0;
  let most = 0;
  const begun: string[] = [];
  const weigh = (name: string, weight: number): Promise<void> =>
    lanes.run(name, weight, async () => {
      begun.push(name);
      underWay += Math.min(weight, 4);
      most = Math.max(most, underWay);
      await turn();
      underWay -= Math.min(weight, 4);
    });
  await Promise.all([weigh('a', 2), weigh('b', 2), weigh('heavy', 9), weigh('c', 1), weigh('d', 1)]);
  expect(most).toBe(4);
  expect(begun).toEqual(['a', 'b', 'heavy', 'c', 'd']);
});

it('a failed append keeps the next one of its stream from nothing, and all of it is waited for', async () => {
  const lanes = new AppendLanes(15);
  const failed = expect(lanes.run('a', 1, () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  const next = lanes.run('a', 1, async () => 'appended');
  expect(lanes.isIdle).toBe(false);
  await lanes.idle();
  expect(lanes.isIdle).toBe(true);
  expect(await next).toBe('appended');
  await failed;
});
