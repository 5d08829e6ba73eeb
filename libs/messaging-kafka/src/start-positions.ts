import type { Admin } from 'kafkajs';
import type { LogBounds } from './positions.js';

/** Of one topic, by partition. */
export type TopicBounds = ReadonlyMap<number, LogBounds>;
/** By topic, by partition: as the coordinator has it, negative where it has none (positions.ts). */
export type Committed = ReadonlyMap<string, ReadonlyMap<number, number>>;

export const readBounds = async (admin: Admin, topic: string): Promise<TopicBounds> => {
  const offsets = await admin.fetchTopicOffsets(topic);
  return new Map(offsets.map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }]));
};

export const readCommitted = async (admin: Admin, groupId: string, topics: readonly string[]): Promise<Committed> => {
  const offsets = await admin.fetchOffsets({ groupId, topics: [...topics] });
  return new Map(offsets.map(({ topic, partitions }) => [topic, new Map(partitions.map(({ partition, offset }) => [partition, Number(offset)]))]));
};

export type Starts = Readonly<{ bounds: ReadonlyMap<string, TopicBounds>; committed: Committed }>;

/** Where a member may begin on the topics; `groupId` is left out where it has no positions of its own. */
export const readStarts = async (admin: Admin, topics: readonly string[], groupId: string | undefined): Promise<Starts> => {
  // The positions first: a bound that is read later cannot be below a position that was right.
  const committed: Committed = groupId === undefined ? new Map() : await readCommitted(admin, groupId, topics);
  const bounds = new Map<string, TopicBounds>();
  for (const topic of topics) bounds.set(topic, await readBounds(admin, topic));
  return { bounds, committed };
};
