import type { IncomingMessage } from '@kwota/messaging';
import { PoisonMessage, UnknownVersion } from '@kwota/messaging/failures';
import { PartitionLane, type PartitionLaneOptions } from './partition-lane.js';

const message = (offset: number, value: string | null = String(offset), key = 'a'): IncomingMessage => ({ topic: 'work.v1', key, value, headers: {}, partition: 3, offset, timestampMs: 0 });
const messages = (from: number, to: number): IncomingMessage[] => Array.from({ length: to - from }, (_, index) => message(from + index));

/** A lane whose handler notes the offsets of each batch, and what else it was told. */
const laneWith = (options: Partial<PartitionLaneOptions> = {}) => {
  const batches: number[][] = [];
  const full: boolean[] = [];
  const dead: unknown[] = [];
  const lane = new PartitionLane({
    handle: async (batch) => void batches.push(batch.map(({ offset }) => offset)),
    handling: { group: 'g', publish: async (published) => void dead.push(...published), backoff: { firstMs: 1, maxMs: 2 }, nowMs: () => 0 },
    from: 0,
    high: 0,
    mayBegin: Promise.resolve(true),
    isOurs: () => true,
    onProgress: () => {},
    onFull: (isFull) => full.push(isFull),
    ...options,
  });
  return { lane, batches, full, dead };
};
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it('what came in one fetch is one batch, up to a thousand; the position moves when it is done', async () => {
  const { lane, batches } = laneWith();
  lane.offer(messages(0, 1_500), 1, 1_500);
  expect([lane.next, lane.fetchedTo]).toEqual([0, 1_500]);
  await lane.handledTo(1_500);
  expect(batches.map(({ length }) => length)).toEqual([1_000, 500]);
  expect(lane.next).toBe(1_500);
});

it('the position passes over what was not there', async () => {
  const { lane } = laneWith();
  lane.offer([message(2), message(5)], 1, 9);
  await lane.handledTo(9);
  expect(lane.next).toBe(9);
});

it('nothing is handled before it may begin, and nothing where it may not', async () => {
  let begin: (mayBegin: boolean) => void = () => {};
  const waiting = laneWith({ mayBegin: new Promise((resolve) => (begin = resolve)) });
  waiting.lane.offer(messages(0, 1), 1, 1);
  await sleep(5);
  expect(waiting.batches).toEqual([]);
  begin(true);
  await waiting.lane.handledTo(1);
  expect(waiting.batches).toEqual([[0]]);

  const never = laneWith({ mayBegin: Promise.resolve(false) });
  never.lane.offer(messages(0, 1), 1, 1);
  await sleep(5);
  expect(never.batches).toEqual([]);
});

it('while the partition may be another member’s no batch begins; what is ours again goes on, what was dropped does not', async () => {
  let isOurs = false;
  const { lane, batches } = laneWith({ isOurs: () => isOurs });
  lane.offer(messages(0, 2), 1, 2);
  await sleep(30);
  expect(batches).toEqual([]);
  isOurs = true;
  await lane.handledTo(2);
  expect(batches).toEqual([[0, 1]]);

  const dropped = laneWith({ isOurs: () => false });
  dropped.lane.offer(messages(0, 1), 1, 1);
  dropped.lane.drop();
  await dropped.lane.ended();
  expect([dropped.batches, dropped.lane.next]).toEqual([[], 0]);
});

it('it says when it holds enough, by number and by bytes, and when it has room again', async () => {
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const many = laneWith({ handle: () => held });
  many.lane.offer(messages(0, 6_500), 1, 6_500);
  const heavy = laneWith({ handle: () => held });
  heavy.lane.offer(messages(0, 2), 2_500_000, 2);
  await sleep(5);
  expect([many.full, heavy.full]).toEqual([[true], [true]]);
  letGo();
  await Promise.all([many.lane.handledTo(6_500), heavy.lane.handledTo(2)]);
  expect([many.full, heavy.full]).toEqual([[true, false], [true, false]]);
});

it('after it was dropped the batch under way finishes and no other begins', async () => {
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const begun: number[] = [];
  const { lane } = laneWith({
    handle: async (batch) => {
      begun.push(batch[0]?.offset ?? -1);
      await held;
    },
  });
  lane.offer(messages(0, 1_001), 1, 1_001);
  await sleep(5);
  lane.drop();
  lane.offer(messages(1_001, 1_002), 1, 1_002);
  letGo();
  await lane.ended();
  lane.reachedEnd(performance.now());
  expect(begun).toEqual([0]);
  expect(lane.next).toBe(1_000);
});

it('a later version stops it before that message; who waits is not kept waiting', async () => {
  const { lane } = laneWith({
    handle: async (batch) => {
      if (batch.some(({ offset }) => offset === 2)) throw new UnknownVersion('v2');
    },
  });
  lane.offer(messages(0, 5), 1, 5);
  await lane.handledTo(5);
  expect([lane.next, lane.stopped?.message]).toEqual([2, 'v2']);
});

it('a poison message goes to the dead letters and the position passes it', async () => {
  const { lane, dead } = laneWith({
    handle: async (batch) => {
      if (batch.some(({ offset }) => offset === 1)) throw new PoisonMessage('contract', 'x');
    },
  });
  lane.offer(messages(0, 3), 1, 3);
  await lane.handledTo(3);
  expect(dead).toHaveLength(1);
});

describe('of a compacted topic that a subscriber catches up with', () => {
  it('the latest value of each key is handled, in the order of offsets, and no tombstone; then all that comes', async () => {
    const { lane, batches } = laneWith({ latestUntil: 6 });
    lane.offer([message(0, 'old', 'x'), message(1, 'gone', 'y'), message(2, 'z', 'z')], 1, 3);
    lane.offer([message(3, 'new', 'x'), message(4, null, 'y'), message(7, null, 'z')], 1, 8);
    await lane.handledTo(8);
    expect(batches.flat()).toEqual([2, 3, 7]);
  });

  it('it is whole also where compaction took the last messages: when the broker has no more', async () => {
    const { lane, batches } = laneWith({ latestUntil: 6, high: 6 });
    lane.offer([message(0, 'old', 'x'), message(1, 'new', 'x')], 1, 2);
    const whole = lane.handledTo(6);
    await sleep(2);
    lane.reachedEnd(performance.now());
    await sleep(2);
    lane.reachedEnd(performance.now());
    await whole;
    expect(batches).toEqual([[1]]);
    expect(lane.lag).toBe(0);
  });
});

it('that the broker had no more before somebody asked tells nothing of what came since', async () => {
  const { lane } = laneWith();
  await sleep(2);
  const before = performance.now();
  await sleep(2);
  let isTold = false;
  void lane.handledTo(5).then(() => (isTold = true));
  lane.reachedEnd(before);
  await sleep(2);
  expect(isTold).toBe(false);
  lane.reachedEnd(performance.now());
  await sleep(2);
  expect(isTold).toBe(true);
});
