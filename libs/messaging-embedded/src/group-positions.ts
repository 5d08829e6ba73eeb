import type { Position } from './embedded-log.js';
import type { Lane } from './lane.js';
import type { TopicGroup } from './topic-group.js';

/** Positions are written at the latest this long after: so much is repeated after a kill -9. */
const everyMs = 200;

export type GroupPositionsOptions = Readonly<{
  /** The offset that the log's next message gets. */
  next: number;
  nowMs: () => number;
  /** Called when something has moved up and nobody has taken it for 200 ms. */
  onDue: () => void;
}>;

/** Which groups have moved up since their positions were written: taken along by a commit of messages, or a moment later. */
export class GroupPositions {
  private readonly movedUp = new Map<Lane, { of: TopicGroup; partition: number }>();
  private timer: NodeJS.Timeout | undefined;
  private takenAtMs = 0;
  private idleTakenTo: number;

  constructor(private readonly options: GroupPositionsOptions) {
    this.idleTakenTo = options.next;
  }

  note(of: TopicGroup, partition: number, lane: Lane): void {
    this.movedUp.set(lane, { of, partition });
    this.timer ??= setTimeout(this.options.onDue, everyMs).unref();
  }

  /** What has moved up; none where it was taken a moment ago. */
  takeIfDue(nowMs: number): Position[] {
    return nowMs - this.takenAtMs >= everyMs / 2 ? this.take() : [];
  }

  take(): Position[] {
    const positions = [...this.movedUp].map(([{ next }, { of, partition }]) => ({ group: of.group, topic: of.topic, partition, next }));
    this.movedUp.clear();
    clearTimeout(this.timer);
    this.timer = undefined;
    this.takenAtMs = this.options.nowMs();
    return positions;
  }

  /** With those of groups that have nothing to do: they move up too, or a restart would look through the whole log for them. */
  takeWithIdle(groups: readonly TopicGroup[], next: number): Position[] {
    const positions = this.take();
    if (next === this.idleTakenTo) return positions;
    for (const { group, topic, lanes } of groups)
      for (const [partition, lane] of lanes.entries()) if (lane.isCaughtUp) positions.push({ group, topic, partition, next });
    this.idleTakenTo = next;
    return positions;
  }
}
