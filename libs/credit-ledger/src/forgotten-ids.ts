import type { MessageId } from './credit-events.js';

/** Ids are leased in blocks of so many, from 1 on, each to one process, which gives them out upwards (DESIGN §3.1). */
const idsPerBlock = 65_536;
/** 4,096 numbers at most: a process that still gives out ids of a block while 4,096 later blocks were used and forgotten is refused, and leases another one when it starts anew. */
export const blocksKeptMax = 4_096;

const blockOf = (messageId: MessageId): number => Math.floor((messageId - 1) / idsPerBlock);

/**
 * Which message ids an account may have had and no longer knows: what comes with one of them is too old to be decided on. An account gets the
 * ids of a block in their order, so that of each block the highest forgotten one says it for all below. Moved by the log alone, never by a clock.
 */
export class ForgottenIds {
  private highestOfBlock = new Map<number, MessageId>();
  /** Of the blocks below nothing is taken any more. */
  private firstBlock = 0;

  has(messageId: MessageId): boolean {
    const block = blockOf(messageId);
    return block < this.firstBlock || messageId <= (this.highestOfBlock.get(block) ?? 0);
  }

  forget(messageIds: Iterable<MessageId>): void {
    for (const messageId of messageIds) {
      const block = blockOf(messageId);
      if (messageId > (this.highestOfBlock.get(block) ?? 0)) this.highestOfBlock.set(block, messageId);
    }
    if (this.highestOfBlock.size > blocksKeptMax) this.keepNewest(blocksKeptMax / 2);
  }

  /** For a snapshot: the first block, then each block's highest id. */
  get rows(): readonly [number, ...MessageId[]] {
    return [this.firstBlock, ...this.highestOfBlock.values()];
  }

  restore([firstBlock, ...highest]: readonly [number, ...MessageId[]]): void {
    this.firstBlock = firstBlock;
    this.highestOfBlock = new Map(highest.map((messageId) => [blockOf(messageId), messageId]));
  }

  private keepNewest(count: number): void {
    const blocks = [...this.highestOfBlock].sort(([one], [other]) => one - other);
    const kept = blocks.slice(-count);
    this.firstBlock = Math.max(this.firstBlock, kept[0]?.[0] ?? 0);
    this.highestOfBlock = new Map(kept);
  }
}
