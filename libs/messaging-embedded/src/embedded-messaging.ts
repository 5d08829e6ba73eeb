// Messaging on one SQLite file in one process: durable, ordered, and it survives kill -9.
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { defaultPartitionCount, Messaging, type AssignmentListener, type IncomingMessage, type MessagingHealth, type OutgoingMessage, type PublishOptions, type Subscription, type SubscriptionOptions, type TopicDefinition, type WaitingWork } from '@kwota/messaging';
import { PublishFailed } from '@kwota/messaging/failures';
import { defaultBackoff, type Backoff, type HandleBatchOptions } from '@kwota/messaging/handle-batch';
import { partitionOf } from '@kwota/messaging/partition-of';
import { tellAssignment } from '@kwota/messaging/tell-assignment';
import { EmbeddedLog, type Reading } from './embedded-log.js';
import { GroupPositions } from './group-positions.js';
import { KeptTopics } from './kept-topics.js';
import { batchMax, Lane } from './lane.js';
import { LogWriter } from './log-writer.js';
import { Precedence } from './precedence.js';
import { PublishQueue } from './publish-queue.js';
import { TopicGroup, type Member } from './topic-group.js';
import { TopicGroups } from './topic-groups.js';

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

const idlePositionsEveryMs = 5_000;
const eraseEveryMs = 60 * 60 * 1_000;

export class EmbeddedMessaging extends Messaging {
  override readonly stats = { published: 0, commits: 0, retries: 0, deadLetters: 0 };
  private readonly log: EmbeddedLog;
  private readonly topics: KeptTopics;
  private readonly precedence = new Precedence();
  private readonly queue = new PublishQueue((messages, written) => this.commit(messages, written));
  override readonly partitionCount: number;
  private readonly groups = new TopicGroups();
  private readonly listeners = new Map<string, AssignmentListener>();
  /** By group: resolves when its listener is ready. */
  private readonly assigned = new Map<string, Promise<boolean>>();
  private readonly closing = new AbortController();
  /** Groups that a subscriber has left and whose last batch is under way. */
  private readonly leaving = new Map<string, Promise<void>>();
  private readonly positions: GroupPositions;
  private readonly writer: LogWriter;
  private readonly timers: NodeJS.Timeout[];
  private ephemeralNext = 1;
  private broadcastNext = 1;
  private closed = false;

  private constructor(private readonly options: EmbeddedMessagingOptions) {
    super();
    this.partitionCount = options.partitionCount ?? defaultPartitionCount;
    this.topics = new KeptTopics(options.topics ?? topicDefinitions);
    this.log = new EmbeddedLog(options.path, this.partitionCount);
    this.writer = new LogWriter(this.log, this.topics.isCompacted, this.precedence);
    this.positions = new GroupPositions({ next: this.log.next, nowMs: () => this.nowMs(), onDue: () => this.writePositions() });
    this.erase();
    this.timers = [setInterval(() => this.writeIdlePositions(), idlePositionsEveryMs).unref(), setInterval(() => this.erase(), eraseEveryMs).unref()];
  }

  /** @throws Error when the file is in use, was created with another number of partitions, or is of another format. */
  static async open(options: EmbeddedMessagingOptions): Promise<EmbeddedMessaging> {
    return new EmbeddedMessaging(options);
  }

  override publish(messages: readonly OutgoingMessage[], options: PublishOptions = {}): Promise<void> {
    if (this.closed) return Promise.reject(new PublishFailed('the log is closed'));
    const unknown = messages.find(({ topic }) => !this.topics.has(topic));
    if (unknown) return Promise.reject(unknownTopic(unknown.topic));
    const durable: OutgoingMessage[] = [];
    for (const message of messages) {
      if (this.topics.isEphemeral(message.topic)) this.groups.deliver(this.incoming(message, this.ephemeralNext++, this.nowMs()));
      else durable.push(message);
    }
    if (durable.length === 0) return Promise.resolve();
    if (durable.some(({ topic }) => this.topics.isAwaited(topic))) this.precedence.noteAwaited();
    return this.queue.add(durable, options);
  }

  override inItsTurn<Result>(work: () => Promise<Result>, { waitedMs, signal }: WaitingWork): Promise<Result> {
    return this.precedence.inItsTurn(work, waitedMs, signal);
  }

  override async subscribe({ topic, group, kind, handle, beforeDurable }: SubscriptionOptions): Promise<Subscription> {
    if (!this.topics.has(topic)) throw unknownTopic(topic);
    if (this.closed) throw new Error('the log is closed');
    const name = kind === 'shared' ? group : `${group}#${this.broadcastNext++}`;
    await this.leaving.get(`${name} ${topic}`);
    if (kind === 'shared' && !(await this.assign(group))) throw new Error('the log is closed');
    const known = this.groups.find(topic, name);
    const of = known ?? this.groups.add(name, new TopicGroup(group, topic, kind, beforeDurable));
    const member: Member = { handle };
    of.members.push(member);
    if (!known) this.openLanes(of);
    return {
      close: () => this.leave(of, member, name),
      caughtUp: async () => void (await Promise.all(of.lanes.map((lane) => lane.handledTo(this.log.next)))),
    };
  }

  override onAssignment(group: string, listener: AssignmentListener): void {
    this.listeners.set(group, listener);
  }

  override health(): MessagingHealth {
    const reasons = [...this.writer.troubles];
    for (const { group, topic, lanes } of this.groups.all())
      for (const [partition, { stopped }] of lanes.entries()) if (stopped) reasons.push(`${group} stands still on ${topic}/${partition}: ${stopped.message}`);
    return { ready: reasons.length === 0, reasons };
  }

  /** How many messages each group has not handled yet, by `group topic`: at least, for what lay in the file at the start is not counted. */
  override lags(): Map<string, number> {
    return this.groups.sumByGroup(({ lag }) => lag);
  }

  /** How many messages each group has handled since the start, by `group topic`. */
  handled(): Map<string, number> {
    return this.groups.sumByGroup(({ lanes }) => lanes.reduce((sum, { handled }) => sum + handled, 0));
  }

  /** A topic's messages from an offset on, for the operator's look at dead letters. */
  read(topic: string, fromOffset: number, limit: number): IncomingMessage[] {
    return this.log.read(topic, undefined, fromOffset, limit).messages.slice(0, limit);
  }

  /** Resolves when every group has handled all that was published: for tests, and for an orderly stop. */
  async drain(): Promise<void> {
    for (;;) {
      const lanes = this.groups.all().flatMap((of) => of.lanes);
      if (this.queue.isEmpty && lanes.every((lane) => lane.isCaughtUp || lane.stopped)) return;
      await Promise.all([this.queue.finish(), ...lanes.map((lane) => lane.finish())]);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  override async close(): Promise<void> {
    if (this.closed) return;
    this.closing.abort();
    await Promise.all([...this.groups.all().map((of) => of.finish()), ...this.leaving.values()]);
    this.closed = true;
    await this.queue.finish();
    for (const timer of this.timers) clearTimeout(timer);
    this.writeIdlePositions();
    this.log.close();
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
      readFrom: this.topics.isEphemeral(topic) ? undefined : (position ?? 0),
      readOn: (from) => this.readOn(topic, partition, from, tombstonesFrom),
      yieldsTo: this.topics.givesWay(topic) ? this.precedence : undefined,
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
    if (this.hasPosition(of)) this.positions.note(of, partition, lane);
    if (lane.stopped) this.tellOfStop(of, partition, lane);
  }

  private tellOfStop({ group, topic }: TopicGroup, partition: number, lane: Lane): void {
    this.options.onTrouble?.({ kind: 'stopped', group, topic, partition, offset: lane.next, error: lane.stopped });
  }

  /** A lane's next messages from the file. Of a compacted topic the latest values; what was overwritten meanwhile is skipped. */
  private readOn(topic: string, partition: number, from: number, tombstonesFrom: number): Reading {
    if (this.topics.isEphemeral(topic)) return { messages: [], readTo: undefined };
    return this.topics.isCompacted(topic) ? this.log.readLatest(topic, partition, from, batchMax, tombstonesFrom) : this.log.read(topic, partition, from, batchMax);
  }

  private async leave(of: TopicGroup, member: Member, name: string): Promise<void> {
    if (of.members.length > 1) {
      of.members.splice(of.members.indexOf(member), 1);
      return;
    }
    const key = `${name} ${of.topic}`;
    const left = of.finish().then(() => {
      if (!this.closed) this.writePositions();
      this.groups.remove(name, of);
      this.leaving.delete(key);
    });
    this.leaving.set(key, left);
    await left;
  }

  /** One durable commit; then it is handed on from memory, to those who asked for it while the disk works already. */
  private async commit(published: readonly OutgoingMessage[], written: () => void): Promise<void> {
    const nowMs = this.nowMs();
    const { next } = this.log;
    const messages = published.map((message, index) => this.incoming(message, next + index, nowMs));
    this.writer.append(messages, this.positions.takeIfDue(nowMs));
    const durable = this.writer.synced();
    written();
    for (const message of messages) this.groups.deliverEarly(message, durable);
    await durable;
    this.log.next = next + messages.length;
    this.stats.published += messages.length;
    this.stats.commits += 1;
    for (const message of messages) this.groups.deliver(message);
  }

  private incoming({ topic, key, value, headers, content }: OutgoingMessage, offset: number, timestampMs: number): IncomingMessage {
    return { topic, key, value, headers, content, partition: partitionOf(key, this.partitionCount), offset, timestampMs };
  }

  private hasPosition({ kind, topic }: TopicGroup): boolean {
    return kind === 'shared' && !this.topics.isEphemeral(topic);
  }

  private writePositions(): void {
    this.writer.note(this.positions.take());
  }

  private writeIdlePositions(): void {
    this.writer.note(this.positions.takeWithIdle(this.groups.all().filter((of) => this.hasPosition(of)), this.log.next));
  }

  /** What is older than the longest time that any topic is kept (DESIGN §5), some at a time. */
  private erase(): void {
    if (this.closed) return;
    if (this.writer.eraseSome(this.nowMs() - this.topics.longestMs)) setImmediate(() => this.erase());
  }

  private nowMs(): number {
    return this.options.nowMs ? this.options.nowMs() : Date.now();
  }
}

const unknownTopic = (topic: string): Error => new Error(`no topic ${topic}: topics are created from the contracts`);
