import type { GroupMember } from './group-member.js';
import type { KafkaConnection } from './kafka-connection.js';
import { readBounds } from './start-positions.js';

/** Of partitions that are not fetched at the moment nothing tells how far the log has gone on: a partition that stands still must be seen to lag. */
export const lookAtStandingLags = async (connection: KafkaConnection, members: readonly GroupMember[]): Promise<void> => {
  const standing = members.flatMap(({ held }) => [...held]).filter(({ lane }) => lane.isFull || lane.stopped);
  for (const topic of new Set(standing.map(({ brokerTopic }) => brokerTopic))) {
    const bounds = await connection.ask((admin) => readBounds(admin, topic)).catch(() => undefined);
    for (const { brokerTopic, partition, lane } of standing) if (brokerTopic === topic) lane.high = Math.max(lane.high, bounds?.get(partition)?.high ?? 0);
  }
};
