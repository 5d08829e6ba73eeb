// Messaging on one SQLite file in one process: durable, ordered, and it survives kill -9.
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { defaultPartitionCount, Messaging, type AssignmentListener, type IncomingMessage, type MessagingHealth, type OutgoingMessage, type Subscription, type SubscriptionOptions, type TopicDefinition } from '@kwota/messaging';
import { PublishFailed } from '@kwota/messaging/failures';
import { defaultBackoff, type Backoff, type HandleBatchOptions } from '@kwota/messaging/handle-batch';
import { partitionOf } from '@kwota/messaging/partition-of';
import { tellAssignment } from '@kwota/messaging/tell-assignment';
import { SyncFailed } from '@kwota/service-kit/group-sync';
import { EmbeddedLog, type Position, type Reading } from './embedded-log.js';
import { batchMax, Lane } from './lane.js';
import { Precedence } from './precedence.js';
import { PublishQueue } from './publish-queue.js';
import { TopicGroup, type Member } from './topic-group.js';

export type EmbeddedMessagingOptions = Readonly<{
  /** A file, locked for as long as this is open (`<path>.lock`), or `:memory:` in tests. */
  path: string;
  /** Those of the contracts where left out. */
  topics?: readonly TopicDefinition[];
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
/** Groups that have nothing to do move up too, or a restart would look through the whole log for them. */
const idlePositionsEveryMs = 5_000;
const eraseEveryMs = 60 * 60 * 1_000;

type Kept = TopicDefinition['kept'];

export class EmbeddedMessaging extends Messaging {
  override readonly stats: EmbeddedStats = { published: 0, commits: 0, retries: 0, deadLetters: 0 };
  private readonly log: EmbeddedLog;
  private readonly kept: ReadonlyMap<string, Kept>;
  private readonly awaited: ReadonlySet<string>;
  private readonly precedence = new Precedence();
  private readonly queue = new PublishQueue((messages) => this.commit(messages));
  private readonly isCompacted = (topic: string): boolean => this.kept.get(topic)?.kind === 'compacted';
  override readonly partitionCount: number;
  /** By topic, then by name. */
  private readonly groups = new Map<string, Map<string, TopicGroup>>();
  private readonly listeners = new Map<string, AssignmentListener>();
  /** By group: resolves when its listener is ready. */
  private readonly assigned = new Map<string, Promise<boolean>>();
  private readonly closing = new AbortController();
  /** Groups that a subscriber has left and whose last batch is under way. */
  private readonly leaving = new Map<string, Promise<void>>();
  private readonly movedUp = new Map<Lane, { of: TopicGroup; partition: number }>();
  private readonly timers: NodeJS.Timeout[];
  private positionsTimer: NodeJS.Timeout | undefined;
  private positionsWrittenAtMs = 0;
  private idleWrittenTo = 0;
  private ephemeralNext = 1;
  private broadcastNext = 1;
  private lastFailure: string | undefined;
  /** The disk did not take a commit that is in the file: what this process would go on from may not be there after a power cut. */
  private broken: SyncFailed | undefined;
  private closed = false;

  private constructor(private readonly options: EmbeddedMessagingOptions) {
    super();
    this.partitionCount = options.partitionCount ?? defaultPartitionCount;
    const topics: readonly TopicDefinition[] = options.topics ?? topicDefinitions;
    this.kept = new Map(topics.map(({ topic, kept }) => [topic, kept]));
    this.awaited = new Set(topics.filter(({ isAwaited }) => isAwaited).map(({ topic }) => topic));
    this.log = new EmbeddedLog(options.path, this.partitionCount);
    this.idleWrittenTo = this.log.next;
    this.erase();
    this.timers = [setInterval(() => this.writeIdlePositions(), idlePositionsEveryMs), setInterval(() => this.erase(), eraseEveryMs)];
    for (const timer of this.timers) timer.unref();
  }

  /** @throws Error when the file is in use, was created with another number of partitions, or is of another format. */
  static async open(options: EmbeddedMessagingOptions): Promise<EmbeddedMessaging> {
    return new EmbeddedMessaging(options);
  }

  override publish(messages: readonly OutgoingMessage[]): Promise<void> {
    if (this.closed) return Promise.reject(new PublishFailed('the log is closed'));
    const unknown = messages.find(({ topic }) => !this.kept.has(topic));
    if (unknown) return Promise.reject(unknownTopic(unknown.topic));
    const durable = messages.filter(({ topic }) => !this.isEphemeral(topic));
    if (durable.length < messages.length) {
      const nowMs = this.nowMs();
      for (const message of messages) if (this.isEphemeral(message.topic)) this.deliver(this.incoming(message, this.ephemeralNext++, nowMs));
    }
    if (durable.length === 0) return Promise.resolve();
    if (durable.some(({ topic }) => this.awaited.has(topic))) this.precedence.noteAwaited();
    return this.queue.add(durable);
  }

  override async subscribe({ topic, group, kind, handle }: SubscriptionOptions): Promise<Subscription> {
    if (!this.kept.has(topic)) throw unknownTopic(topic);
    if (this.closed) throw new Error('the log is closed');
    const name = kind === 'shared' ? group : `${group}#${this.broadcastNext++}`;
    await this.leaving.get(`${name} ${topic}`);
    if (kind === 'shared' && !(await this.assign(group))) throw new Error('the log is closed');
    const groups = this.groups.get(topic) ?? new Map<string, TopicGroup>();
    this.groups.set(topic, groups);
    const of = groups.get(name) ?? new TopicGroup(group, topic, kind);
    const member: Member = { handle };
    of.members.push(member);
    if (!groups.has(name)) {
      groups.set(name, of);
      this.openLanes(of);
    }
    return {
      close: () => this.leave(of, member, name),
      caughtUp: async () => {
        const { next } = this.log;
        await Promise.all(of.lanes.map((lane) => lane.handledTo(next)));
      },
    };
  }

  override onAssignment(group: string, listener: AssignmentListener): void {
    this.listeners.set(group, listener);
  }

  override health(): MessagingHealth {
    const reasons = [this.broken?.message, this.lastFailure].filter((reason) => reason !== undefined);
    for (const { group, topic, lanes } of this.allGroups())
      for (const [partition, { stopped }] of lanes.entries()) if (stopped) reasons.push(`${group} stands still on ${topic}/${partition}: ${stopped.message}`);
    return { ready: reasons.length === 0, reasons };
  }

  /** How many messages each group has not handled yet, by `group topic`: at least, for what lay in the file at the start is not counted. */
  override lags(): Map<string, number> {
    return this.sumByGroup(({ lag }) => lag);
  }

  /** How many messages each group has handled since the start, by `group topic`. */
  handled(): Map<string, number> {
    return this.sumByGroup(({ lanes }) => lanes.reduce((sum, { handled }) => sum + handled, 0));
  }

  /** A topic's messages from an offset on, for the operator's look at dead letters. */
  read(topic: string, fromOffset: number, limit: number): IncomingMessage[] {
    return this.log.read(topic, undefined, fromOffset, limit).messages.slice(0, limit);
  }

  /** Resolves when every group has handled all that was published: for tests, and for an orderly stop. */
  async drain(): Promise<void> {
    for (;;) {
      const lanes = this.allGroups().flatMap((of) => of.lanes);
      if (this.queue.isEmpty && lanes.every((lane) => lane.isCaughtUp || lane.stopped)) return;
      await Promise.all([this.queue.finish(), ...lanes.map((lane) => lane.finish())]);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  override async close(): Promise<void> {
    if (this.closed) return;
    this.closing.abort();
    await Promise.all([...this.allGroups().map((of) => of.finish()), ...this.leaving.values()]);
    this.closed = true;
    await this.queue.finish();
    for (const timer of [...this.timers, this.positionsTimer]) clearTimeout(timer);
    this.writeIdlePositions();
    this.log.close();
  }

  private allGroups(): TopicGroup[] {
    return [...this.groups.values()].flatMap((groups) => [...groups.values()]);
  }

  private sumByGroup(count: (of: TopicGroup) => number): Map<string, number> {
    const sums = new Map<string, number>();
    for (const of of this.allGroups()) {
      const name = `${of.group} ${of.topic}`;
      sums.set(name, (sums.get(name) ?? 0) + count(of));
    }
    return sums;
  }

  /** In one process a group has all partitions, from its first subscription on. */
  private assign(group: string): Promise<boolean> {
    const listener = this.listeners.get(group);
    if (!listener) return Promise.resolve(true);
    const partitions = new Set(Array.from({ length: this.partitionCount }, (_, partition) => partition));
    const known = this.assigned.get(group) ?? tellAssignment(listener, { partitions, gained: partitions, lost: new Set() }, { signal: this.closing.signal, backoff: this.options.backoff ?? defaultBackoff });
    this.assigned.set(group, known);
    return known;
  }

  private openLanes(of: TopicGroup): void {
    const positions = of.kind === 'shared' ? this.log.positionsOf(of.group, of.topic) : new Map<number, number>();
    of.lanes = Array.from({ length: this.partitionCount }, (_, partition) => this.openLane(of, partition, positions.get(partition)));
  }

  private openLane(of: TopicGroup, partition: number, position: number | undefined): Lane {
    const { topic } = of;
    // Without a position there is no value yet that a tombstone could end.
    const tombstonesFrom = position === undefined ? this.log.next : position;
    const lane = new Lane({
      handle: (batch) => of.handle(partition, batch),
      handling: this.handlingOf(of, partition),
      position,
      readFrom: this.isEphemeral(topic) ? undefined : (position ?? 0),
      readOn: (from) => this.readOn(topic, partition, from, tombstonesFrom),
      yieldsTo: this.kept.get(topic)?.kind === 'for' && !this.awaited.has(topic) ? this.precedence : undefined,
      nowMs: () => this.nowMs(),
      onProgress: (moved) => this.onProgress(of, partition, moved),
    });
    const erasedTo = this.log.erasedTo(topic, partition);
    if (position !== undefined && position < erasedTo) {
      lane.stopped = new Error(`its position ${position} is gone, what is below ${erasedTo} has been erased`);
      this.tellOfStop(of, partition, lane);
    }
    return lane;
  }

  private handlingOf(of: TopicGroup, partition: number): HandleBatchOptions {
    const { group, topic } = of;
    const trouble = (kind: Trouble['kind'], error: unknown, { offset }: IncomingMessage): void => this.options.onTrouble?.({ kind, group, topic, partition, offset, error });
    return {
      group,
      publish: (messages) => this.publish(messages),
      signal: of.signal,
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
    };
  }

  private onProgress(of: TopicGroup, partition: number, lane: Lane): void {
    if (of.kind === 'shared' && !this.isEphemeral(of.topic)) {
      this.movedUp.set(lane, { of, partition });
      this.positionsTimer ??= setTimeout(() => this.writePositions(), positionsEveryMs).unref();
    }
    if (lane.stopped) this.tellOfStop(of, partition, lane);
  }

  private tellOfStop({ group, topic }: TopicGroup, partition: number, lane: Lane): void {
    this.options.onTrouble?.({ kind: 'stopped', group, topic, partition, offset: lane.next, error: lane.stopped });
  }

  /** A lane's next messages from the file. Of a compacted topic the latest values; what was overwritten meanwhile is skipped. */
  private readOn(topic: string, partition: number, from: number, tombstonesFrom: number): Reading {
    if (this.isEphemeral(topic)) return { messages: [], readTo: undefined };
    if (!this.isCompacted(topic)) return this.log.read(topic, partition, from, batchMax);
    const { messages, readTo } = this.log.readLatest(topic, partition, from, batchMax);
    return { messages: messages.filter(({ value, offset }) => value !== null || offset >= tombstonesFrom), readTo };
  }

  private async leave(of: TopicGroup, member: Member, name: string): Promise<void> {
    if (of.members.length > 1) {
      of.members.splice(of.members.indexOf(member), 1);
      return;
    }
    const key = `${name} ${of.topic}`;
    const left = of.finish().then(() => {
      if (!this.closed) this.writePositions();
      this.groups.get(of.topic)?.delete(name);
      this.leaving.delete(key);
    });
    this.leaving.set(key, left);
    await left;
  }

  /** One durable commit; then it is handed on from memory. */
  private async commit(published: readonly OutgoingMessage[]): Promise<void> {
    if (this.broken) throw new PublishFailed(this.broken.message, { cause: this.broken });
    const nowMs = this.nowMs();
    const { next } = this.log;
    const messages = published.map((message, index) => this.incoming(message, next + index, nowMs));
    const positions = nowMs - this.positionsWrittenAtMs >= positionsEveryMs / 2 ? this.takePositions() : [];
    try {
      this.log.append(messages, positions, this.isCompacted);
      await this.precedence.whileDiskWorks(this.log.synced());
    } catch (error) {
      if (error instanceof SyncFailed) this.broken = error;
      else this.lastFailure = `the log's file cannot be written (${codeOf(error)})`;
      throw new PublishFailed('the log could not be written', { cause: error });
    }
    this.lastFailure = undefined;
    this.log.next = next + messages.length;
    this.stats.published += messages.length;
    this.stats.commits += 1;
    for (const message of messages) this.deliver(message);
  }

  private deliver(message: IncomingMessage): void {
    const groups = this.groups.get(message.topic);
    if (groups) for (const { lanes } of groups.values()) (lanes[message.partition] as Lane).offer(message);
  }

  private incoming({ topic, key, value, headers, content }: OutgoingMessage, offset: number, timestampMs: number): IncomingMessage {
    return { topic, key, value, headers, content, partition: partitionOf(key, this.partitionCount), offset, timestampMs };
  }

  private isEphemeral(topic: string): boolean {
    return this.kept.get(topic)?.kind === 'ephemeral';
  }

  private takePositions(): Position[] {
    const positions = [...this.movedUp].map(([{ next }, { of, partition }]) => ({ group: of.group, topic: of.topic, partition, next }));
    this.movedUp.clear();
    clearTimeout(this.positionsTimer);
    this.positionsTimer = undefined;
    this.positionsWrittenAtMs = this.nowMs();
    return positions;
  }

  private writePositions(): void {
    this.write(this.takePositions());
  }

  private writeIdlePositions(): void {
    const { next } = this.log;
    const positions = this.takePositions();
    if (next !== this.idleWrittenTo) {
      for (const { group, topic, kind, lanes } of this.allGroups()) {
        if (kind === 'broadcast' || this.isEphemeral(topic)) continue;
        for (const [partition, lane] of lanes.entries()) if (lane.isCaughtUp) positions.push({ group, topic, partition, next });
      }
      this.idleWrittenTo = next;
    }
    this.write(positions);
  }

  /** A failure costs nothing but repeats after a restart; also where nothing is published, success shows that the file can be written again. */
  private write(positions: readonly Position[]): void {
    if (positions.length === 0 && !this.lastFailure) return;
    try {
      this.log.append([], positions, this.isCompacted);
      this.lastFailure = undefined;
    } catch (error) {
      this.lastFailure = `the log's positions cannot be written (${codeOf(error)})`;
    }
  }

  /** What is older than the longest time that any topic is kept (DESIGN §5), some at a time. */
  private erase(): void {
    if (this.closed) return;
    const retentions = [...this.kept.values()].map((kept) => (kept.kind === 'compacted' ? 0 : kept.retentionMs));
    try {
      if (this.log.eraseSome(this.nowMs() - Math.max(...retentions, 0), this.isCompacted)) setImmediate(() => this.erase());
    } catch (error) {
      this.lastFailure = `the log's old messages cannot be erased (${codeOf(error)})`;
    }
  }

  private nowMs(): number {
    return this.options.nowMs ? this.options.nowMs() : Date.now();
  }
}

const unknownTopic = (topic: string): Error => new Error(`no topic ${topic}: topics are created from the contracts`);

const codeOf = (error: unknown): string => (error as { errstr?: string }).errstr ?? (error instanceof Error ? error.name : 'unknown');
