/** The disk did not take what was written, and nobody can tell what of it is there: whoever wrote goes on after a restart alone. */
export class SyncFailed extends Error {
  override readonly name = 'SyncFailed';
  constructor(cause: unknown) {
    super('the disk did not take what was written: restart when it does', { cause });
  }
}

/**
 * Whoever wrote waits for the disk together with all who wrote before the same sync began. One sync runs at a time; those who write meanwhile share the next.
 * A sync that failed is not tried again: the kernel may have dropped the pages, and the next one would succeed without them.
 */
export class GroupSync {
  private running: Promise<void> | undefined;
  private following: Promise<void> | undefined;
  private failure: SyncFailed | undefined;

  /** `sync` resolves when all that was written before its call is on the disk. */
  constructor(private readonly sync: () => Promise<void>) {}

  /** Set once a sync has failed. */
  get failed(): SyncFailed | undefined {
    return this.failure;
  }

  /**
   * Resolves when all that was written before this call is on the disk.
   * @throws SyncFailed now and ever after once a sync has failed.
   */
  synced(): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    // It has not begun yet, also where the one before it has just ended.
    if (this.following) return this.following;
    if (!this.running) return this.run();
    return (this.following = this.running.then(() => this.run()));
  }

  /** Resolves when the syncs that were asked for have ended; fails as they do. */
  settled(): Promise<void> {
    return this.failure ? Promise.reject(this.failure) : (this.following ?? this.running ?? Promise.resolve());
  }

  private run(): Promise<void> {
    this.following = undefined;
    const running = this.sync().then(
      () => {
        if (this.running === running) this.running = undefined;
      },
      (error: unknown) => {
        throw (this.failure = new SyncFailed(error));
      },
    );
    return (this.running = running);
  }
}
