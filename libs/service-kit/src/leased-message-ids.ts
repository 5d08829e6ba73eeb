/** Message ids from a block leased from users at the first need; what is left of it dies with this process. */
export class LeasedMessageIds {
  private next = 0;
  private end = 0;
  private leasing: Promise<void> | undefined;

  /** @param lease asks users for a block. */
  constructor(private readonly lease: () => Promise<Readonly<{ first: number; count: number }>>) {}

  /** @throws ServiceUnavailable when users does not answer. */
  async take(): Promise<number> {
    while (this.next === this.end) await this.leaseOne();
    return this.next++;
  }

  private leaseOne(): Promise<void> {
    this.leasing ??= this.lease()
      .then(({ first, count }) => {
        this.next = first;
        this.end = first + count;
      })
      .finally(() => (this.leasing = undefined));
    return this.leasing;
  }
}
