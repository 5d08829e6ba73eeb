import type { IncomingMessage } from '@kwota/messaging';

/** Nothing came for so long: there is nothing more. */
const quietMs = 30_000;
/** Read so soon after it was written: what follows is as young. */
const youngMs = 30_000;

type Reading = { isUnderWay: boolean; endedAtMs: number; behindMs: number };

/**
 * Whether receipts are read to the end, so that silence means something (DESIGN §3.5). Messaging does not tell how far a group is behind;
 * this is known from what came: nothing for half a minute, or nothing older than that. A batch that is not done, or fails, counts as behind.
 */
export class ReceiptsRead {
  private readonly partitions = new Map<number, Reading>();

  constructor(
    private readonly startedAtMs: number,
    private readonly nowMs: () => number = Date.now,
  ) {}

  began(partition: number): void {
    const known = this.partitions.get(partition) ?? { endedAtMs: 0, behindMs: Infinity };
    this.partitions.set(partition, { ...known, isUnderWay: true });
  }

  ended({ partition, timestampMs }: Pick<IncomingMessage, 'partition' | 'timestampMs'>, nowMs: number): void {
    this.partitions.set(partition, { isUnderWay: false, endedAtMs: nowMs, behindMs: nowMs - timestampMs });
  }

  /** Another instance read them until now: as after a start. */
  async gained(partitions: ReadonlySet<number>): Promise<void> {
    for (const partition of partitions) this.partitions.set(partition, { isUnderWay: false, endedAtMs: this.nowMs(), behindMs: Infinity });
  }

  lost(partitions: ReadonlySet<number>): void {
    for (const partition of partitions) this.partitions.delete(partition);
  }

  toTheEnd(nowMs: number): boolean {
    if (nowMs - this.startedAtMs < quietMs) return false;
    return [...this.partitions.values()].every(
      ({ isUnderWay, endedAtMs, behindMs }) => !isUnderWay && (behindMs < youngMs || nowMs - endedAtMs >= quietMs),
    );
  }
}
