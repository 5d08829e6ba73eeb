import { Messaging, type Assignment } from '@kwota/messaging';
import { partitionOf } from '@kwota/messaging/partition-of';

export type PartitionsListener = Readonly<{ gained: (partitions: ReadonlySet<number>) => Promise<void>; lost?: (partitions: ReadonlySet<number>) => void }>;

/** The partitions whose messages this instance handles: of several dlrs each account has one at a time. */
export class OwnPartitions {
  private partitions: ReadonlySet<number> = new Set();

  private constructor(
    private readonly messaging: Messaging,
    private readonly listeners: readonly PartitionsListener[],
  ) {}

  /** Before the group's first subscription. */
  static follow(messaging: Messaging, listeners: readonly PartitionsListener[]): OwnPartitions {
    const own = new OwnPartitions(messaging, listeners);
    messaging.onAssignment('kwota.dlr', (assignment) => own.change(assignment));
    return own;
  }

  owns(account: string): boolean {
    return this.partitions.has(partitionOf(account, this.messaging.partitionCount));
  }

  private async change({ partitions, gained, lost }: Assignment): Promise<void> {
    this.partitions = new Set([...this.partitions].filter((partition) => !lost.has(partition)));
    for (const listener of this.listeners) listener.lost?.(lost);
    for (const listener of this.listeners) await listener.gained(gained);
    this.partitions = partitions;
  }
}
