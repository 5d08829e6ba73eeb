import type { Batch, KafkaMessage } from 'kafkajs';
import type { HeldLane } from './lanes.js';
import { PartitionLane } from './partition-lane.js';
import { takeBatch } from './take-batch.js';

const batchOf = (offsets: readonly number[], high: number): Batch => {
  const messages = offsets.map((offset) => ({ key: Buffer.from('a'), value: Buffer.from('1'), headers: {}, offset: String(offset), timestamp: '0' }) as unknown as KafkaMessage);
  const last = String(offsets.at(-1));
  return { topic: 'n.work.v1', partition: 3, highWatermark: String(high), messages, isEmpty: () => false, firstOffset: () => String(offsets[0]), lastOffset: () => last, offsetLag: () => '0', offsetLagLow: () => '0' };
};

/** A lane that has fetched what lies below 10, and was told to begin at 5. */
const held = (): { held: HeldLane; handled: number[] } => {
  const handled: number[] = [];
  const lane = new PartitionLane({
    handle: async (batch) => void handled.push(...batch.map(({ offset }) => offset)),
    handling: { group: 'g', publish: async () => {}, nowMs: () => 0 },
    from: 10,
    high: 10,
    mayBegin: Promise.resolve(true),
    isOurs: () => true,
    onProgress: () => {},
    onFull: () => {},
  });
  return { held: { topic: 'work.v1', brokerTopic: 'n.work.v1', partition: 3, lane, soughtTo: 5, hasPosition: true }, handled };
};

const erasedBelow = (low: number) => async (): Promise<number> => low;

describe('a batch', () => {
  it.each<[string, number[], number, boolean, number, string | undefined, number[]]>([
    ['that follows is handled', [10, 11], 12, false, 0, undefined, [10, 11]],
    ['of which a part was there before is handled from where it is new', [8, 9, 10], 12, false, 0, undefined, [10]],
    ['after a gap that a transaction left is handled', [12], 13, false, 10, undefined, [12]],
    ['after a gap on a compacted topic is handled', [12], 13, true, 12, undefined, [12]],
    ['after what was erased is not', [12], 13, false, 12, 'what came after 10 has been erased', []],
    ['of another log is not', [0], 20, false, 0, 'what follows 10 begins at 0 of 20: this is another log', []],
  ])('%s', async (_, offsets, high, isCompacted, low, reason, expected) => {
    const one = held();
    expect(await takeBatch(one.held, batchOf(offsets, high), isCompacted, erasedBelow(low))).toBe(reason);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(one.handled).toEqual(expected);
  });
});

it('where the broker does not tell what it keeps the batch comes again', async () => {
  const one = held();
  const away = async (): Promise<number> => Promise.reject(new Error('away'));
  await expect(takeBatch(one.held, batchOf([12], 13), false, away)).rejects.toThrow('away');
  expect(one.held.lane.fetchedTo).toBe(10);
});
