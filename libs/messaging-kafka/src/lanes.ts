import type { PartitionLane } from './partition-lane.js';
import type { Position } from './position-commits.js';

export type HeldLane = {
  readonly topic: string;
  /** With the namespace. */
  readonly brokerTopic: string;
  readonly partition: number;
  readonly lane: PartitionLane;
  /** Where reading was last told to begin. */
  soughtTo: number;
  /** Whether its position is the group's to write. */
  hasPosition: boolean;
};

/** The lanes that a member has. */
export class Lanes {
  private readonly byKey = new Map<string, HeldLane>();

  get(brokerTopic: string, partition: number): HeldLane | undefined {
    return this.byKey.get(keyOf({ brokerTopic, partition }));
  }

  set(held: HeldLane): void {
    this.byKey.set(keyOf(held), held);
  }

  delete(held: HeldLane): void {
    this.byKey.delete(keyOf(held));
  }

  all(): Iterable<HeldLane> {
    return this.byKey.values();
  }

  of(topic: string): HeldLane[] {
    return [...this.byKey.values()].filter((held) => held.topic === topic);
  }

  positions(): Position[] {
    const ours = [...this.byKey.values()].filter(({ hasPosition }) => hasPosition);
    return ours.map(({ brokerTopic, partition, lane }) => ({ topic: brokerTopic, partition, next: lane.next }));
  }
}

const keyOf = ({ brokerTopic, partition }: Pick<HeldLane, 'brokerTopic' | 'partition'>): string => `${brokerTopic} ${partition}`;

/** The lanes of all members in this process: two of them must never handle one partition of a group at once. */
export class LanesOfProcess {
  private readonly byKey = new Map<string, PartitionLane>();

  /** Resolves when the lane that had the partition before has nothing under way any more. */
  async takeOver(key: string, lane: PartitionLane): Promise<void> {
    const before = this.byKey.get(key);
    this.byKey.set(key, lane);
    before?.drop();
    await before?.ended();
  }

  /** After the lane was dropped. */
  async leave(key: string, lane: PartitionLane): Promise<void> {
    await lane.ended();
    if (this.byKey.get(key) === lane) this.byKey.delete(key);
  }
}
