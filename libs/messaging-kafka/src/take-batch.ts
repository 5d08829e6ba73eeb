import type { Batch } from 'kafkajs';
import type { HeldLane } from './lanes.js';
import { follows } from './positions.js';
import { bytesOf, messageOf } from './records.js';

/**
 * Gives a fetched batch to its lane; or else tells why reading must not go on. `oldestKept` is asked where offsets are missing: compaction and
 * transactions leave harmless gaps, retention takes what had to be read.
 */
export const takeBatch = async (held: HeldLane, batch: Batch, isCompacted: boolean, oldestKept: () => Promise<number>): Promise<string | undefined> => {
  const { lane, topic, partition } = held;
  const [first] = batch.messages;
  if (!first || lane.isDropped || lane.stopped) return undefined;
  const expected = lane.fetchedTo;
  const high = Number(batch.highWatermark);
  const verdict = follows({ first: Number(first.offset), high }, expected, held.soughtTo);
  if (verdict === 'replaced') return `what follows ${expected} begins at ${first.offset} of ${high}: this is another log`;
  if (verdict === 'gap' && !isCompacted && (await oldestKept()) > expected) return `what came after ${expected} has been erased`;
  const fresh = verdict === 'repeats' ? batch.messages.filter(({ offset }) => Number(offset) >= expected) : batch.messages;
  lane.high = Math.max(lane.high, high);
  lane.offer(
    fresh.map((message) => messageOf(message, topic, partition)),
    fresh.reduce((sum, message) => sum + bytesOf(message), 0),
    Number(batch.lastOffset()) + 1,
  );
  return undefined;
};
