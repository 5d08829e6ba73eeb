import { LinkPause } from './link-pause.js';

const busy = (pause: LinkPause, times: number, nowMs: number) => Array.from({ length: times }, () => pause.onBusy(nowMs, 100));

it('a single busy answer, or two, is its receiver’s affair', () => {
  const pause = new LinkPause();
  expect(busy(pause, 2, 0)).toEqual([0, 0]);
  expect([pause.isOver(0), pause.windowOf(100)]).toEqual([true, 100]);
  pause.onTaken(100);
  expect(busy(pause, 2, 0)).toEqual([0, 0]);
});

it('three on end pause the link and halve its window; what was sent before the pause is no news', () => {
  const pause = new LinkPause();
  expect(busy(pause, 40, 0)).toEqual([0, 0, ...Array.from({ length: 38 }, () => 100)]);
  expect([pause.isOver(99), pause.isOver(100), pause.windowOf(100)]).toEqual([false, true, 50]);
});

it('each pause without anything taken is longer, up to five seconds', () => {
  const pause = new LinkPause();
  busy(pause, 2, 0);
  const pauses: number[] = [];
  for (let nowMs = 0; pauses.length < 9; nowMs += pauses.at(-1) ?? 0) pauses.push(pause.onBusy(nowMs, 100));
  expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  expect(pause.windowOf(100)).toBe(1);
});

it('the window widens again by what is taken, up to the connector’s', () => {
  const pause = new LinkPause();
  busy(pause, 3, 0);
  for (let taken = 0; taken < 100; taken += 1) pause.onTaken(100);
  expect(pause.windowOf(100)).toBe(60);
  for (let taken = 0; taken < 400; taken += 1) pause.onTaken(100);
  expect(pause.windowOf(1_000)).toBe(1_000);
});
