import { gather } from './gather.js';

/** An event loop whose turns take so long. */
const loopOf = (turnMs: number) => {
  const loop = { nowMs: 1_000, turns: 0 };
  const turn = async (): Promise<void> => {
    loop.turns += 1;
    loop.nowMs += turnMs;
  };
  return { loop, options: { nowMs: () => loop.nowMs, turn } };
};

it('what comes within eight turns of the event loop leaves together', async () => {
  const { loop, options } = loopOf(0.005);
  await gather(options);
  expect(loop.turns).toBe(8);
});

it('turns in which much is done hold up who published first for two milliseconds and no more', async () => {
  const { loop, options } = loopOf(0.8);
  await gather(options);
  expect(loop.turns).toBe(3);
  const busy = loopOf(50);
  await gather(busy.options);
  expect(busy.loop.turns).toBe(1);
});

it('what is published in turns of the real event loop comes along', async () => {
  const published: number[] = [];
  // The clock stands still: a machine that is slow just now must not end it earlier.
  const gathered = gather({ nowMs: () => 0 }).then(() => [...published]);
  for (let turn = 1; turn <= 3; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    published.push(turn);
  }
  expect(await gathered).toEqual([1, 2, 3]);
});
