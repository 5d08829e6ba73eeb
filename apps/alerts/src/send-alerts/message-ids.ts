import { leaseMessageIds } from '@kwota/contracts/users.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { Injectable } from '@nestjs/common';

/** Message ids from a block leased from users at the first need; what is left of it dies with this process. */
@Injectable()
export class MessageIds {
  private next = 0;
  private end = 0;
  private leasing: Promise<void> | undefined;

  constructor(private readonly requests: RequestClient) {}

  /** @throws ServiceUnavailable when users does not answer. */
  async take(): Promise<number> {
    while (this.next === this.end) await this.lease();
    return this.next++;
  }

  private lease(): Promise<void> {
    this.leasing ??= this.requests
      .ask(leaseMessageIds, { instanceId: this.requests.instanceId })
      .then(({ first, count }) => {
        this.next = first;
        this.end = first + count;
      })
      .finally(() => (this.leasing = undefined));
    return this.leasing;
  }
}
