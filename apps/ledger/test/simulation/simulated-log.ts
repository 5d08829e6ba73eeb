import { Messaging, type AssignmentListener, type BatchHandler, type IncomingMessage, type OutgoingMessage, type Subscription, type SubscriptionOptions } from '@kwota/messaging';
import { PublishFailed } from '@kwota/messaging/failures';
import { handleBatch } from '@kwota/messaging/handle-batch';
import { partitionOf } from '@kwota/messaging/partition-of';
import type { Faults, Lifeline } from './faults.js';

export const partitionCount = 4;
const batchMax = 6;

/** The broker: what is in the topics, up to where the ledgers' group has got, and whose each partition is. */
export class Broker {
  readonly topics = new Map<string, IncomingMessage[][]>();
  readonly committed = new Map<string, number>();
  /** By partition: changed each time that it goes to somebody. */
  readonly epochs: number[] = Array.from({ length: partitionCount }, () => 0);
  private readonly waiting = new Map<string, (() => void)[]>();

  constructor(private readonly wallMs: () => number) {}

  append(message: OutgoingMessage): IncomingMessage {
    const partition = partitionOf(message.key, partitionCount);
    const records = this.records(message.topic, partition);
    const record = { ...message, partition, offset: records.length, timestampMs: this.wallMs() };
    records.push(record);
    const name = `${message.topic}/${partition}`;
    const waiting = this.waiting.get(name) ?? [];
    this.waiting.delete(name);
    for (const wake of waiting) wake();
    return record;
  }

  records(topic: string, partition: number): IncomingMessage[] {
    let partitions = this.topics.get(topic);
    if (!partitions) this.topics.set(topic, (partitions = Array.from({ length: partitionCount }, () => [])));
    return partitions[partition] as IncomingMessage[];
  }

  /** Resolves at the next record of one partition. */
  appended(topic: string, partition: number): Promise<void> {
    const name = `${topic}/${partition}`;
    const waiting = this.waiting.get(name) ?? [];
    this.waiting.set(name, waiting);
    return new Promise((resolve) => waiting.push(resolve));
  }
}

type Lane = { readonly epoch: number; readonly abort: AbortController; isAtEnd: boolean };

/**
 * One ledger's messaging: batches of any size, positions that are not always kept, publishing that fails before, half way or afterwards, and
 * partitions that go to another while a batch of theirs is still being handled here.
 */
export class SimulatedMessaging extends Messaging {
  override readonly partitionCount = partitionCount;
  override readonly stats = { published: 0, commits: 0, retries: 0, deadLetters: 0 };
  private readonly handlers = new Map<string, BatchHandler>();
  /** Topics whose messages come before they are durable. */
  private readonly early = new Set<string>();
  private readonly lanes = new Map<string, Lane>();
  private listener: AssignmentListener = async () => undefined;
  private wanted: ReadonlyMap<number, number> = new Map();
  private taken: ReadonlyMap<number, number> = new Map();
  private taking: Promise<void> | undefined;

  constructor(
    private readonly broker: Broker,
    private readonly faults: Faults,
    private readonly lifeline: Lifeline,
  ) {
    super();
  }

  override publish(messages: readonly OutgoingMessage[]): Promise<void> {
    return this.lifeline.hold(this.send(messages));
  }

  override async subscribe({ topic, kind, handle, beforeDurable }: SubscriptionOptions): Promise<Subscription> {
    if (beforeDurable) this.early.add(topic);
    if (kind === 'shared') this.handlers.set(topic, handle);
    else for (let partition = 0; partition < partitionCount; partition += 1) void this.listen(topic, partition, handle);
    return { close: async () => undefined, caughtUp: async () => undefined };
  }

  override onAssignment(_group: string, listener: AssignmentListener): void {
    this.listener = listener;
  }

  /** The partitions that it is told to have from now on, with their epochs. */
  assign(wanted: ReadonlyMap<number, number>): void {
    this.wanted = wanted;
    this.taking ??= this.take().finally(() => (this.taking = undefined));
  }

  /** Nothing is being handled, and nothing is left to handle. */
  get isAtRest(): boolean {
    return this.taking === undefined && this.lanes.size === this.taken.size * this.handlers.size && [...this.lanes.values()].every(({ isAtEnd }) => isAtEnd);
  }

  stop(): void {
    for (const { abort } of this.lanes.values()) abort.abort();
  }

  override lags = () => new Map<string, number>();
  override health = () => ({ ready: true, reasons: [] });
  override close = async (): Promise<void> => undefined;

  private async send(messages: readonly OutgoingMessage[]): Promise<void> {
    const fault = this.faults.next();
    await this.faults.delay();
    if (fault === 'before' || (this.lifeline.isCut && this.faults.chance.percent(50))) throw new PublishFailed('the broker is away');
    const isCutShort = fault === 'after' && this.faults.chance.percent(50);
    for (const message of isCutShort ? messages.slice(0, this.faults.chance.below(messages.length + 1)) : messages) this.broker.append(message);
    await this.faults.delay();
    if (fault === 'after') throw new PublishFailed('no answer');
  }

  private async take(): Promise<void> {
    while (this.wanted !== this.taken && !this.lifeline.isCut) {
      const { wanted, taken } = this;
      const gained = new Set([...wanted.keys()].filter((partition) => taken.get(partition) !== wanted.get(partition)));
      const lost = new Set([...taken.keys()].filter((partition) => !wanted.has(partition)));
      for (const partition of [...gained, ...lost]) this.stopLanes(partition);
      try {
        await this.listener({ partitions: new Set(wanted.keys()), gained, lost });
      } catch {
        await this.faults.time.pause(200);
        continue;
      }
      this.taken = wanted;
      for (const [partition, epoch] of wanted) if (gained.has(partition)) for (const topic of this.handlers.keys()) void this.runLane(topic, partition, epoch);
    }
  }

  private stopLanes(partition: number): void {
    for (const [name, { abort }] of this.lanes)
      if (name.endsWith(`/${partition}`)) {
        abort.abort();
        this.lanes.delete(name);
      }
  }

  /** It goes on while this process believes that the partition is its own: its positions count only while it is. */
  private async runLane(topic: string, partition: number, epoch: number): Promise<void> {
    const name = `${topic}/${partition}`;
    const lane: Lane = { epoch, abort: new AbortController(), isAtEnd: false };
    this.lanes.set(name, lane);
    const { signal } = lane.abort;
    const handle = this.handlers.get(topic) as BatchHandler;
    const options = { group: 'kwota.ledger', publish: (messages: readonly OutgoingMessage[]) => this.publish(messages), signal, nowMs: () => this.faults.time.nowMs };
    let position = this.broker.committed.get(name) ?? 0;
    for (;;) {
      await this.lifeline.hold(this.faults.delay());
      if (signal.aborted) return;
      const batch = this.broker.records(topic, partition).slice(position, position + 1 + this.faults.chance.below(batchMax));
      lane.isAtEnd = batch.length === 0;
      if (lane.isAtEnd) {
        await this.lifeline.hold(this.broker.appended(topic, partition));
        continue;
      }
      const taken = this.early.has(topic) ? batch.map((message) => ({ ...message, durable: this.lifeline.hold(this.faults.delay()) })) : batch;
      const { handled } = await this.lifeline.hold(handleBatch(taken, handle, options));
      position += handled;
      if (this.broker.epochs[partition] === epoch && !this.faults.happens()) this.broker.committed.set(name, position);
    }
  }

  private async listen(topic: string, partition: number, handle: BatchHandler): Promise<void> {
    for (let position = this.broker.records(topic, partition).length; ; ) {
      const batch = this.broker.records(topic, partition).slice(position);
      if (batch.length > 0) await handle(batch);
      else await this.lifeline.hold(this.broker.appended(topic, partition));
      position += batch.length;
    }
  }
}
