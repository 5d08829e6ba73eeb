import type { Offsets } from 'kafkajs';

/** Topics are named as the broker does. */
export type Position = Readonly<{ topic: string; partition: number; next: number }>;

/** At the latest this long after a batch: so much is repeated after a kill -9. */
const commitEveryMs = 150;
const lastMsMax = 2_000;

/**
 * Writes a member's positions, by a timer while something moves. The coordinator takes positions of partitions that belong to another by now, so they
 * must never be written later than meant: what is written is bound to the member's generation at the call, and is not tried again by itself.
 */
export class PositionCommits {
  /** What the coordinator has, by topic and partition. */
  private readonly written = new Map<string, number>();
  private commit: ((offsets: Offsets) => Promise<void>) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private underWay: Promise<void> | undefined;

  /** `positions`: those of the current assignment. */
  constructor(private readonly positions: () => Iterable<Position>) {}

  /** kafkajs gives out the one way to write without its retries, which would outlive an assignment, with each batch. */
  useCommit(commit: (offsets: Offsets) => Promise<void>): void {
    this.commit = commit;
  }

  /** The member is gone; what it wrote now would not count. */
  forget(): void {
    this.commit = undefined;
    this.written.clear();
  }

  /** Undefined: whatever the coordinator has must be written over. */
  known(topic: string, partition: number, offset: number | undefined): void {
    if (offset === undefined) this.written.delete(keyOf(topic, partition));
    else this.written.set(keyOf(topic, partition), offset);
  }

  moved(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.write();
    }, commitEveryMs).unref();
  }

  /** Never rejects: what could not be written will be with the next, or is repeated. */
  async write(): Promise<void> {
    const { commit } = this;
    const moved = [...this.positions()].filter(({ topic, partition, next }) => this.written.get(keyOf(topic, partition)) !== next);
    if (!commit || moved.length === 0) return;
    const writing = commit({ topics: offsetsOf(moved) }).then(
      () => {
        if (this.commit === undefined) return;
        for (const { topic, partition, next } of moved) this.known(topic, partition, next);
      },
      () => {
        if (this.commit !== undefined) this.moved();
      },
    );
    this.underWay = writing;
    await writing;
  }

  /** What moved is written; a broker that does not answer is not waited for. */
  async close(): Promise<void> {
    const last = async (): Promise<void> => {
      await this.underWay;
      await this.write();
    };
    await Promise.race([last(), new Promise((resolve) => setTimeout(resolve, lastMsMax).unref())]);
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}

const keyOf = (topic: string, partition: number): string => `${topic} ${partition}`;

const offsetsOf = (positions: readonly Position[]): Offsets['topics'] => {
  const byTopic = new Map<string, { partition: number; offset: string }[]>();
  for (const { topic, partition, next } of positions) {
    const partitions = byTopic.get(topic) ?? [];
    byTopic.set(topic, partitions);
    partitions.push({ partition, offset: String(next) });
  }
  return [...byTopic].map(([topic, partitions]) => ({ topic, partitions }));
};
