// Messaging on one SQLite file in one process: durable, ordered, and it survives kill -9. What waits becomes one commit; nothing lingers.
import { defaultPartitionCount, Messaging, type BatchHandler, type IncomingMessage, type MessagingHealth, type OutgoingMessage, type Subscription, type SubscriptionOptions, type TopicDefinition } from '@kwota/messaging';
import { PublishFailed } from '@kwota/messaging/failures';
import { defaultBackoff, type Backoff } from '@kwota/messaging/handle-batch';
import { partitionOf } from '@kwota/messaging/partition-of';
import { EmbeddedLog, type Position } from './embedded-log.js';
import { batchMax, Lane } from './lane.js';

export type EmbeddedMessagingOptions = Readonly<{
  /** A file in a folder that this process has locked (service-kit's DataDirectory), or `:memory:` in tests. */
  path: string;
  topics: readonly TopicDefinition[];
  partitionCount?: number;
  backoff?: Backoff;
  nowMs?: () => number;
  /** A failed attempt, a dead letter, a partition that stands still; never with the message's content. */
  onTrouble?: (trouble: Trouble) => void;
}>;

export type Trouble = Readonly<{ kind: 'retry' | 'dead-letter' | 'stopped'; group: string; topic: string; partition: number; offset: number; error: unknown }>;

export type EmbeddedStats = { published: number; commits: number; retries: number; deadLetters: number };

/** Positions are written at the latest this long after: so much is repeated after a kill -9. */
const positionsEveryMs = 200;
/** Groups that have nothing to do move up too, or a restart would read the whole log for them. */
const idlePositionsEveryMs = 5_000;
const eraseEveryMs = 60 * 60 * 1_000;
const commitsPerRead = 50;

type Publishing = { messages: readonly OutgoingMessage[]; resolve: () => void; reject: (error: Error) => void };
type Member = { handle: BatchHandler };
/** A group's lanes on one topic; its members share them by partition. */
type GroupOnTopic = { group: string; topic: string; shared: boolean; members: Member[]; lanes: Lane[]; abort: AbortController };

export class EmbeddedMessaging extends Messaging {
  readonly stats: EmbeddedStats = { published: 0, commits: 0, retries: 0, deadLetters: 0 };
  private readonly log: EmbeddedLog;
  private readonly kept: ReadonlyMap<string, TopicDefinition['kept']>;
  private readonly partitionCount: number;
  private readonly groups = new Map<string, Map<string, GroupOnTopic>>();
  private readonly dirty = new Set<{ of: GroupOnTopic; lane: Lane; partition: number }>();
  private readonly timers: NodeJS.Timeout[];
  private queue: Publishing[] = [];
  private scheduled = false;
  private positionsWrittenAtMs = 0;
  private ephemeralNext = 1;
  private lastFailure: string | undefined;
  private closed = false;

  private constructor(private readonly options: EmbeddedMessagingOptions) {
    super();
    this.partitionCount = options.partitionCount ?? defaultPartitionCount;
    this.kept = new Map(options.topics.map(({ topic, kept }) => [topic, kept]));
    this.log = new EmbeddedLog(options.path, this.partitionCount);
    this.erase();
    this.timers = [
      setInterval(() => this.flushPositions(), positionsEveryMs),
      setInterval(() => this.flushIdlePositions(), idlePositionsEveryMs),
      setInterval(() => this.erase(), eraseEveryMs),
    ];
    for (const timer of this.timers) timer.unref();
  }

  /** @throws Error when the file was created with another number of partitions. */
  static async open(options: EmbeddedMessagingOptions): Promise<EmbeddedMessaging> {
    return new EmbeddedMessaging(options);
  }

  override publish(messages: readonly OutgoingMessage[]): Promise<void> {
    if (this.closed) return Promise.reject(new PublishFailed('the log is closed'));
    const durable: OutgoingMessage[] = [];
    for (const message of messages) {
      const kept = this.kept.get(message.topic);
      if (!kept) return Promise.reject(new Error(`no topic ${message.topic}: topics are created from the contracts`));
      if (kept.kind === 'ephemeral') this.deliver([this.incoming(message, this.ephemeralNext++)]);
      else durable.push(message);
    }
    if (durable.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.queue.push({ messages: durable, resolve, reject });
      this.schedule();
    });
  }

  override async subscribe({ topic, group, kind, handle }: SubscriptionOptions): Promise<Subscription> {
    const kept = this.kept.get(topic);
    if (!kept) throw new Error(`no topic ${topic}: topics are created from the contracts`);
    const shared = kind === 'shared';
    const name = shared ? group : `${group}#${Math.random()}`;
    const groups = this.groups.get(topic) ?? new Map<string, GroupOnTopic>();
    this.groups.set(topic, groups);
    const member: Member = { handle };
    const known = groups.get(name);
    if (known) known.members.push(member);
    else groups.set(name, this.openGroup({ group, topic, shared, members: [member], lanes: [], abort: new AbortController() }, kept));
    const of = groups.get(name) as GroupOnTopic;
    return {
      close: () => this.leave(of, member, name),
      caughtUp: async () => void (await Promise.all(of.lanes.map((lane) => lane.rest()))),
    };
  }

  override health(): MessagingHealth {
    const reasons = this.lastFailure ? [this.lastFailure] : [];
    for (const of of this.allGroups())
      for (const [partition, lane] of of.lanes.entries())
        if (lane.stopped) reasons.push(`${of.group} stands still on ${of.topic}/${partition}: ${lane.stopped.message}`);
    return { ready: reasons.length === 0, reasons };
  }

  /** How many messages each group has not handled yet, by `group topic`. */
  lags(): Map<string, number> {
    return new Map(this.allGroups().map((of) => [`${of.group} ${of.topic}`, of.lanes.reduce((sum, lane) => sum + lane.lag, 0)]));
  }

  /** A topic's messages from an offset on, for the operator's look at dead letters. */
  read(topic: string, fromOffset: number, limit: number): IncomingMessage[] {
    const found: IncomingMessage[] = [];
    for (let from = fromOffset; found.length < limit; ) {
      const messages = this.log.read(from, commitsPerRead);
      const last = messages[messages.length - 1];
      if (!last) break;
      found.push(...messages.filter((message) => message.topic === topic));
      from = last.offset + 1;
    }
    return found.slice(0, limit);
  }

  /** Resolves when every group has handled all that was published: for tests, and for an orderly stop. */
  async drain(): Promise<void> {
    for (;;) {
      const lanes = this.allGroups().flatMap((of) => of.lanes);
      if (this.queue.length === 0 && lanes.every((lane) => lane.isCaughtUp || lane.stopped)) return;
      await Promise.all(lanes.map((lane) => lane.rest()));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  override async close(): Promise<void> {
    if (this.closed) return;
    for (const of of this.allGroups()) of.abort.abort();
    await Promise.all(this.allGroups().flatMap((of) => of.lanes.map((lane) => lane.finish())));
    while (this.queue.length > 0) this.commit();
    this.closed = true;
    for (const timer of this.timers) clearInterval(timer);
    this.flushIdlePositions();
    this.log.close();
  }

  private allGroups(): GroupOnTopic[] {
    return [...this.groups.values()].flatMap((groups) => [...groups.values()]);
  }

  private openGroup(of: GroupOnTopic, kept: TopicDefinition['kept']): GroupOnTopic {
    const positions = of.shared ? this.log.positionsOf(of.group, of.topic) : new Map<number, number>();
    const { oldest } = this.log;
    for (let partition = 0; partition < this.partitionCount; partition += 1) {
      const lane = this.openLane(of, partition, positions.get(partition) ?? 0);
      of.lanes.push(lane);
      if (kept.kind === 'ephemeral') continue;
      const position = positions.get(partition);
      if (position !== undefined && position < oldest && position > 1 && oldest > 1 && position < this.log.next)
        lane.stopped = new Error(`its position ${position} is gone, the oldest kept is ${oldest}`);
      else if (kept.kind === 'compacted' && position === undefined) {
        for (const message of this.log.latest(of.topic)) if (message.partition === partition) lane.offer(message);
        lane.next = Math.min(lane.next, this.log.next);
      } else {
        lane.behindFrom = Math.max(position ?? oldest, 1);
        lane.wake();
      }
    }
    return of;
  }

  private openLane(of: GroupOnTopic, partition: number, from: number): Lane {
    const entry = { of, partition } as { of: GroupOnTopic; lane: Lane; partition: number };
    const trouble = (kind: Trouble['kind'], error: unknown, { offset }: IncomingMessage): void =>
      this.options.onTrouble?.({ kind, group: of.group, topic: of.topic, partition, offset, error });
    entry.lane = new Lane(
      from,
      (batch) => (of.members[partition % of.members.length] as Member).handle(batch),
      {
        group: of.group,
        publish: (messages) => this.publish(messages),
        signal: of.abort.signal,
        backoff: this.options.backoff ?? defaultBackoff,
        nowMs: () => this.nowMs(),
        onRetry: (error, message) => {
          this.stats.retries += 1;
          trouble('retry', error, message);
        },
        onDeadLetter: (error, message) => {
          this.stats.deadLetters += 1;
          trouble('dead-letter', error, message);
        },
      },
      () => {
        if (of.shared) this.dirty.add(entry);
        if (entry.lane.stopped)
          this.options.onTrouble?.({ kind: 'stopped', group: of.group, topic: of.topic, partition, offset: entry.lane.next, error: entry.lane.stopped });
      },
      (readFrom) => this.readOn(of.topic, partition, readFrom),
    );
    return entry.lane;
  }

  /** A lane's next messages from the file; `readTo` undefined when the end was reached, so that from now on they are offered to it. */
  private readOn(topic: string, partition: number, readFrom: number): { messages: IncomingMessage[]; readTo: number | undefined } {
    const found: IncomingMessage[] = [];
    for (let from = readFrom; ; ) {
      const messages = this.log.read(from, commitsPerRead);
      const last = messages[messages.length - 1];
      if (!last) return { messages: found, readTo: undefined };
      for (const message of messages) if (message.topic === topic && message.partition === partition) found.push(message);
      from = last.offset + 1;
      if (found.length >= batchMax) return { messages: found, readTo: from };
    }
  }

  private async leave(of: GroupOnTopic, member: Member, name: string): Promise<void> {
    if (of.members.length > 1) {
      of.members.splice(of.members.indexOf(member), 1);
      return;
    }
    of.abort.abort();
    await Promise.all(of.lanes.map((lane) => lane.finish()));
    if (!this.closed) this.flushPositions();
    this.groups.get(of.topic)?.delete(name);
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.commit();
      if (this.queue.length > 0) this.schedule();
    });
  }

  /** Everything that waits, in one durable commit; then it is handed on from memory. */
  private commit(): void {
    const batch = this.queue;
    this.queue = [];
    if (batch.length === 0) return;
    let offset = this.log.next;
    const messages: IncomingMessage[] = [];
    for (const publishing of batch) for (const message of publishing.messages) messages.push(this.incoming(message, offset++));
    const withPositions = this.nowMs() - this.positionsWrittenAtMs >= positionsEveryMs / 2;
    const positions = withPositions ? this.takeDirtyPositions() : [];
    try {
      this.log.append(messages, positions, (topic) => this.kept.get(topic)?.kind === 'compacted');
    } catch (error) {
      this.lastFailure = `the log's file cannot be written (${(error as Error).name})`;
      for (const { reject } of batch) reject(new PublishFailed('the log could not be written', { cause: error }));
      return;
    }
    this.lastFailure = undefined;
    this.log.next = offset;
    this.stats.published += messages.length;
    this.stats.commits += 1;
    for (const { resolve } of batch) resolve();
    this.deliver(messages);
  }

  private deliver(messages: readonly IncomingMessage[]): void {
    for (const message of messages) {
      const groups = this.groups.get(message.topic);
      if (groups) for (const of of groups.values()) (of.lanes[message.partition] as Lane).offer(message);
    }
  }

  private incoming({ topic, key, value, headers }: OutgoingMessage, offset: number): IncomingMessage {
    return { topic, key, value, headers, partition: partitionOf(key, this.partitionCount), offset, timestampMs: this.nowMs() };
  }

  private takeDirtyPositions(): Position[] {
    const positions = [...this.dirty].map(({ of, lane, partition }) => ({ group: of.group, topic: of.topic, partition, next: lane.next }));
    this.dirty.clear();
    this.positionsWrittenAtMs = this.nowMs();
    return positions;
  }

  private flushPositions(): void {
    if (this.dirty.size > 0) this.writePositions(this.takeDirtyPositions());
  }

  private flushIdlePositions(): void {
    const { next } = this.log;
    const idle = this.allGroups()
      .filter(({ shared, topic }) => shared && this.kept.get(topic)?.kind !== 'ephemeral')
      .flatMap(({ group, topic, lanes }) =>
        lanes.map((lane, partition) => ({ group, topic, partition, next: lane.isCaughtUp ? next : lane.next, known: lane.stopped === undefined })),
      )
      .filter(({ known, next: position }) => known && position > 0);
    this.dirty.clear();
    this.writePositions(idle.map(({ group, topic, partition, next: position }) => ({ group, topic, partition, next: position })));
  }

  /** A failure costs nothing but repeats after a restart; the next commit of messages tells whether the file can be written. */
  private writePositions(positions: readonly Position[]): void {
    try {
      this.log.append([], positions, () => false);
    } catch (error) {
      this.lastFailure = `the log's positions cannot be written (${(error as Error).name})`;
    }
  }

  /** What is older than the longest time that any topic is kept (DESIGN §5). */
  private erase(): void {
    const retentions = [...this.kept.values()].map((kept) => (kept.kind === 'compacted' ? 0 : kept.retentionMs));
    this.log.erase(this.nowMs() - Math.max(...retentions, 0));
  }

  private nowMs(): number {
    return this.options.nowMs ? this.options.nowMs() : Date.now();
  }
}
