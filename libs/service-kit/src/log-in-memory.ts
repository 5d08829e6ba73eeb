// For specs of the kit, which may not import an adapter: one partition, every group, handled to its end at each publish.
import { Messaging, type AssignmentListener, type IncomingMessage, type OutgoingMessage, type Subscription, type SubscriptionOptions } from '@kwota/messaging';
import { PublishFailed } from '@kwota/messaging/failures';
import { handleBatch } from '@kwota/messaging/handle-batch';

export class LogInMemory extends Messaging {
  readonly published: OutgoingMessage[] = [];
  /** So many publishes fail. */
  failures = 0;
  private readonly subscriptions = new Set<SubscriptionOptions>();
  private readonly abort = new AbortController();
  private turn: Promise<unknown> = Promise.resolve();

  override async publish(messages: readonly OutgoingMessage[]): Promise<void> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new PublishFailed('away');
    }
    const first = this.published.push(...messages) - messages.length;
    const batch = messages.map((message, index): IncomingMessage => ({ ...message, partition: 0, offset: first + index, timestampMs: 0 }));
    this.turn = this.turn.then(() => Promise.all([...this.subscriptions].map((subscription) => this.handle(subscription, batch))));
  }

  override async subscribe(options: SubscriptionOptions): Promise<Subscription> {
    this.subscriptions.add(options);
    return { close: async () => void this.subscriptions.delete(options), caughtUp: () => this.drain() };
  }

  override readonly stats = { published: 0, commits: 0, retries: 0, deadLetters: 0 };
  override readonly partitionCount = 1;

  override lags() {
    return new Map<string, number>();
  }

  override onAssignment(_group: string, listener: AssignmentListener): void {
    const partitions = new Set([0]);
    void listener({ partitions, gained: partitions, lost: new Set() });
  }

  override health() {
    return { ready: this.failures === 0, reasons: [] };
  }

  override async close(): Promise<void> {
    this.abort.abort();
  }

  /** Resolves when all that was published, also by handlers, has been handled. */
  async drain(): Promise<void> {
    for (let turn; turn !== this.turn; ) {
      turn = this.turn;
      await turn;
    }
  }

  /** The groups and kinds of a topic's subscriptions. */
  subscribersOf(topic: string): string[] {
    return [...this.subscriptions].filter((one) => one.topic === topic).map(({ group, kind }) => `${group} ${kind}`);
  }

  private async handle({ topic, group, handle }: SubscriptionOptions, batch: readonly IncomingMessage[]): Promise<void> {
    const mine = batch.filter((message) => message.topic === topic);
    if (mine.length === 0) return;
    await handleBatch(mine, handle, { group, publish: (messages) => this.publish(messages), signal: this.abort.signal, backoff: { firstMs: 1, maxMs: 2 }, nowMs: () => 0 });
  }
}
