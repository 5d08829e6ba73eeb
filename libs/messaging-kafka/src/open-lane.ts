import type { BatchHandler } from '@kwota/messaging';
import type { GroupMemberOptions } from './group-member.js';
import type { HeldLane } from './lanes.js';
import { PartitionLane } from './partition-lane.js';
import { startOf, type LogBounds, type Start } from './positions.js';

export type LanePlace = Readonly<{
  topic: string;
  brokerTopic: string;
  partition: number;
  handle: BatchHandler;
  bounds: LogBounds;
  /** What the coordinator has (positions.ts). */
  committed: number;
  /** False: the member has lost the partition before it was ready for it. */
  mayBegin: Promise<boolean>;
  isOurs: () => boolean;
  onProgress: (held: HeldLane) => void;
  onFull: (isFull: boolean) => void;
}>;

/** A lane from where the group was; `gone`: why it must not begin. It waits for the lane that had the partition before in this process. */
export const openLane = (options: GroupMemberOptions, place: LanePlace): { held: HeldLane; gone: string | undefined } => {
  const { topic, brokerTopic, partition, handle, bounds, committed, isOurs, onFull } = place;
  const start = startIn(options, place);
  const from = 'from' in start ? start.from : Math.max(committed, bounds.low);
  const gone = 'gone' in start ? start.gone : undefined;
  let takenOver = (): void => {};
  const isTakenOver = new Promise<void>((resolve) => (takenOver = resolve));
  const isLatestAlone = options.kind === 'broadcast' && options.kept.get(topic)?.kind === 'compacted';
  const lane = new PartitionLane({
    handle,
    handling: options.handling(topic, partition),
    from,
    high: bounds.high,
    mayBegin: Promise.all([place.mayBegin, isTakenOver]).then(([isReady]) => isReady),
    isOurs,
    ...(isLatestAlone ? { latestUntil: bounds.high } : {}),
    onProgress: () => place.onProgress(held),
    onFull,
  });
  // Of a position that is gone, what the coordinator has is the only trace: it must stay as it is.
  const hasPosition = options.kind === 'shared' && gone === undefined;
  const held: HeldLane = { topic, brokerTopic, partition, lane, soughtTo: from, hasPosition };
  void options.lanesOfProcess.takeOver(laneKey(options.groupId, held), lane).then(takenOver);
  return { held, gone };
};

export const laneKey = (groupId: string, { brokerTopic, partition }: Pick<HeldLane, 'brokerTopic' | 'partition'>): string => `${groupId} ${brokerTopic} ${partition}`;

const startIn = ({ kept }: GroupMemberOptions, { topic, bounds, committed }: LanePlace): Start => {
  const kind = kept.get(topic)?.kind;
  // Replies that were there before anybody asked are for nobody.
  if (kind === 'ephemeral' && committed < 0) return { from: bounds.high };
  return startOf(committed, bounds, kind === 'compacted');
};
