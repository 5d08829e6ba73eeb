import { leaseMessageIds } from '@kwota/contracts/users.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';

/** Below this many the next block is asked for, so that nobody waits for it: 65,536 a block, 16,384 last more than a second at full speed. */
const renewBelow = 16_384;

/** Message ids from blocks leased from users; what is left of a block dies with this process. */
@Injectable()
export class MessageIds {
  private next = 0;
  private firstEver = Number.POSITIVE_INFINITY;
  private end = 0;
  private following: { first: number; count: number } | undefined;
  private leasing: Promise<void> | undefined;

  constructor(private readonly requests: RequestClient) {}

  /** Consecutive ids. @throws ServiceUnavailable when users does not answer and the block is used up. */
  async take(count: number): Promise<number[]> {
    while (this.end - this.next < count) {
      if (this.following) {
        ({ first: this.next } = this.following);
        this.end = this.next + this.following.count;
        this.firstEver = Math.min(this.firstEver, this.next);
        this.following = undefined;
      } else await this.lease();
    }
    const ids: number[] = [];
    for (const end = this.next + count; this.next < end; this.next += 1) ids.push(this.next);
    // Failing to renew early is no failure yet: the next taker asks again, and is told.
    if (this.end - this.next < renewBelow && !this.following) this.lease().catch(() => undefined);
    return ids;
  }

  /** Given out by this process: dlr may not have read it yet. */
  isYoung(messageId: number): boolean {
    return messageId >= this.firstEver && messageId < this.next;
  }

  private lease(): Promise<void> {
    this.leasing ??= this.requests
      .ask(leaseMessageIds, { instanceId: this.requests.instanceId })
      .then((reply) => {
        this.following = reply;
      })
      .finally(() => (this.leasing = undefined));
    return this.leasing;
  }
}
