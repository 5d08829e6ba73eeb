import type { BatchHandler, IncomingMessage } from '@kwota/messaging';
import type { Lane } from './lane.js';

export type Member = { readonly handle: BatchHandler };

/** A group on one topic: a lane for each partition, which its members share. A broadcast subscriber is a group of its own. */
export class TopicGroup {
  readonly members: Member[] = [];
  lanes: readonly Lane[] = [];
  private readonly abort = new AbortController();

  constructor(
    readonly group: string,
    readonly topic: string,
    readonly kind: 'shared' | 'broadcast',
    readonly beforeDurable = false,
  ) {}

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  get lag(): number {
    return this.lanes.reduce((sum, lane) => sum + lane.lag, 0);
  }

  /** A member has the same partitions of every topic that it and its like consume. */
  handle(partition: number, batch: readonly IncomingMessage[]): Promise<void> {
    return (this.members[partition % this.members.length] as Member).handle(batch);
  }

  /** Lets the batches under way finish; none begins after it. */
  async finish(): Promise<void> {
    this.abort.abort();
    await Promise.all(this.lanes.map((lane) => lane.finish()));
  }
}
