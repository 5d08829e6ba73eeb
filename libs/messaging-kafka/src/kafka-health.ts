import type { GatheringProducer } from './gathering-producer.js';
import type { GroupMember } from './group-member.js';
import type { KafkaConnection } from './kafka-connection.js';

/** Longer than a rebalance takes when all members are alive. */
const silentMsMax = 5_000;

/** Why the log is not ready, in sentences; none when it is. */
export const reasonsOf = (connection: KafkaConnection, producer: GatheringProducer, members: readonly GroupMember[]): string[] => {
  const reasons = connection.reasons();
  if (reasons.length > 0) return [...reasons, ...members.flatMap(standingStill)];
  const outMs = producer.outSinceMs === undefined ? 0 : performance.now() - producer.outSinceMs;
  if (outMs > silentMsMax) reasons.push(`${connection.name} has not taken messages for ${Math.floor(outMs / 1_000)} s`);
  else if (producer.lastFailure !== undefined) reasons.push(`${connection.name} did not take the last messages (${producer.lastFailure})`);
  for (const member of members) {
    if (member.topics.size === 0) continue;
    const { group } = member.options;
    if (!member.isInGroup) reasons.push(`${group} has not joined its group yet`);
    else if (member.silentMs > silentMsMax) reasons.push(`${connection.name} has not answered ${group} for ${Math.floor(member.silentMs / 1_000)} s`);
    reasons.push(...standingStill(member));
  }
  return reasons;
};

const standingStill = ({ held, options }: GroupMember): string[] =>
  [...held].flatMap(({ topic, partition, lane }) => (lane.stopped ? [`${options.group} stands still on ${topic}/${partition}: ${lane.stopped.message}`] : []));
