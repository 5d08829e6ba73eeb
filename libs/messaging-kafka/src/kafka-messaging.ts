// Messaging over Kafka 4: one idempotent producer that gathers, one consumer for each group, our own assigner. Nothing here gives up when the broker is
// away: publishing and subscribing wait, health tells, and all goes on when it is back.
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { defaultPartitionCount, Messaging, type AssignmentListener, type IncomingMessage, type MessagingHealth, type OutgoingMessage, type Subscription, type SubscriptionOptions, type TopicDefinition } from '@kwota/messaging';
import type { Backoff, HandleBatchOptions } from '@kwota/messaging/handle-batch';
import { partitionOf } from '@kwota/messaging/partition-of';
import { randomBytes } from 'node:crypto';
import { GatheringProducer } from './gathering-producer.js';
import { timingsOf, type GroupTimings } from './group-consumer.js';
import { GroupMember } from './group-member.js';
import type { KafkaLog, KafkaSecurity } from './kafka-client.js';
import { KafkaConnection } from './kafka-connection.js';
import { reasonsOf } from './kafka-health.js';
import { openProducer } from './kafka-producer.js';
import { LanesOfProcess } from './lanes.js';
import { lookAtStandingLags } from './standing-lags.js';
import { Namespace } from './namespace.js';
import { recordOf } from './records.js';
import { readBounds } from './start-positions.js';
import { wantedTopics } from './topics.js';

export type KafkaMessagingOptions = Readonly<{
  /** `host:port` of some of the cluster's brokers. */
  brokers: readonly string[];
  /** As the broker's logs name this process. */
  clientId: string;
  /** Those of the contracts where left out. */
  topics?: readonly TopicDefinition[];
  partitionCount?: number;
  /** The broker's default where left out; three to survive the loss of a machine. */
  replicationFactor?: number;
  /** Before the names of topics and groups, for tests and for several installations on one cluster. */
  namespace?: string;
  /** False: whoever may do it creates them, with `kwota topics apply`. */
  createTopics?: boolean;
  security?: KafkaSecurity;
  /** A failed attempt, a dead letter, a partition that stands still, a consumer that begins anew; never with a message's content. */
  onTrouble?: (trouble: KafkaTrouble) => void;
  /** What kafkajs says. */
  log?: KafkaLog;
  nowMs?: () => number;
  backoff?: Backoff;
  /** Of the consumer groups: shorter ones in tests. */
  timeouts?: Partial<GroupTimings>;
}>;

export type KafkaTrouble =
  | Readonly<{ kind: 'retry' | 'dead-letter' | 'stopped'; group: string; topic: string; partition: number; offset: number; error: unknown }>
  /** `assignment`: the listener of the group's partitions failed, and is called again. */
  | Readonly<{ kind: 'rejoin' | 'assignment'; group: string; error: unknown }>;

/** `commits`: Produce requests. `batches` and `batchMessages`: what handlers were given; `rejoins`: consumers that had to begin anew. */
export type KafkaStats = Readonly<{ published: number; commits: number; retries: number; deadLetters: number; batches: number; batchMessages: number; rebalances: number; rejoins: number }>;

/** How long closing waits for a broker that does not answer. */
const closeGraceMs = 3_000;
const lagsEveryMs = 5_000;

export class KafkaMessaging extends Messaging {
  override readonly partitionCount: number;
  private readonly connection: KafkaConnection;
  private readonly producer: GatheringProducer;
  private readonly namespace: Namespace;
  private readonly kept: ReadonlyMap<string, TopicDefinition['kept']>;
  /** By kind and group: usually one; another one for each further subscription of a topic that it has already. */
  private readonly members = new Map<string, GroupMember[]>();
  private readonly listeners = new Map<string, AssignmentListener>();
  private readonly lanesOfProcess = new LanesOfProcess();
  private readonly counts = { retries: 0, deadLetters: 0, batches: 0, batchMessages: 0, rebalances: 0, rejoins: 0 };
  private readonly instanceId = randomBytes(8).toString('hex');
  private readonly lagsTimer: NodeJS.Timeout;
  private isClosing = false;

  private constructor(private readonly options: KafkaMessagingOptions) {
    super();
    this.partitionCount = options.partitionCount ?? defaultPartitionCount;
    const definitions = options.topics ?? topicDefinitions;
    this.kept = new Map(definitions.map(({ topic, kept }) => [topic, kept]));
    this.namespace = new Namespace(options.namespace ?? '');
    const { replicationFactor } = options;
    this.connection = new KafkaConnection({
      client: this.options,
      topics: wantedTopics(definitions, this.partitionCount, options.namespace),
      createTopics: options.createTopics ?? true,
      ...(replicationFactor === undefined ? {} : { replicationFactor }),
      nowMs: () => performance.now(),
    });
    this.producer = new GatheringProducer({ open: () => openProducer(this.options), gate: this.connection.ready, nowMs: () => performance.now() });
    this.lagsTimer = setInterval(() => void lookAtStandingLags(this.connection, this.allMembers()), lagsEveryMs).unref();
  }

  /** Returns at once, also when no broker can be reached: services start in any order. */
  static async open(options: KafkaMessagingOptions): Promise<KafkaMessaging> {
    return new KafkaMessaging(options);
  }

  /** Resolves when the broker answers and its topics are as they must be. */
  ready(): Promise<void> {
    return this.connection.ready;
  }

  override publish(messages: readonly OutgoingMessage[]): Promise<void> {
    const unknown = messages.find(({ topic }) => !this.kept.has(topic));
    if (unknown) return Promise.reject(unknownTopic(unknown.topic));
    return this.producer.publish(messages.map((message) => recordOf(message, this.namespace.topic(message.topic), partitionOf(message.key, this.partitionCount))));
  }

  /** Resolves when this process is in the group and its positions are fixed; as long as no broker answers it waits. */
  override async subscribe({ topic, group, kind, handle }: SubscriptionOptions): Promise<Subscription> {
    if (!this.kept.has(topic)) throw unknownTopic(topic);
    if (this.isClosing) throw new Error('the log is closed');
    const member = this.memberFor(topic, group, kind);
    member.topics.set(topic, handle);
    void member.change();
    await member.settled();
    if (this.isClosing) throw new Error('the log is closed');
    return {
      close: () => member.leaveTopic(topic),
      caughtUp: () => this.caughtUp(member, topic),
    };
  }

  override onAssignment(group: string, listener: AssignmentListener): void {
    this.listeners.set(group, listener);
  }

  override health(): MessagingHealth {
    const reasons = reasonsOf(this.connection, this.producer, this.allMembers());
    return { ready: reasons.length === 0, reasons };
  }

  override get stats(): KafkaStats {
    const members = this.allMembers();
    return {
      ...this.counts,
      published: this.producer.published,
      commits: this.producer.requests,
      rebalances: this.counts.rebalances + members.reduce((sum, { rebalances }) => sum + rebalances, 0),
    };
  }

  override lags(): Map<string, number> {
    return this.sumByGroup(({ lag }) => lag);
  }

  /** How many messages each group has handled since the start, by `group topic`. */
  handled(): Map<string, number> {
    return this.sumByGroup(({ handled }) => handled);
  }

  /** Resolves when every group has handled all that was published: for tests, and for an orderly stop. */
  async drain(): Promise<void> {
    for (let before = -1; before !== this.producer.published || this.producer.waiting > 0; ) {
      before = this.producer.published;
      await Promise.all(this.allMembers().flatMap((member) => [...member.topics.keys()].map((topic) => this.caughtUp(member, topic))));
    }
  }

  override async close(): Promise<void> {
    if (this.isClosing) return;
    this.isClosing = true;
    clearInterval(this.lagsTimer);
    // Batches under way may publish until they are done.
    await Promise.all(this.allMembers().map((member) => member.close()));
    await this.producer.close(closeGraceMs);
    await this.connection.close();
  }

  private memberFor(topic: string, group: string, kind: 'shared' | 'broadcast'): GroupMember {
    const key = `${kind} ${group}`;
    const members = this.members.get(key) ?? [];
    this.members.set(key, members);
    const free = members.find(({ topics }) => !topics.has(topic));
    if (free) return free;
    const member = this.newMember(group, kind, members.length);
    members.push(member);
    return member;
  }

  private newMember(group: string, kind: 'shared' | 'broadcast', index: number): GroupMember {
    const groupId = this.namespace.group(kind === 'shared' ? group : `${group}.${this.instanceId}.${index}`);
    return new GroupMember({
      group,
      groupId,
      kind,
      client: this.options,
      connection: this.connection,
      namespace: this.namespace,
      kept: this.kept,
      timings: timingsOf(this.options.timeouts),
      lanesOfProcess: this.lanesOfProcess,
      listener: () => this.listeners.get(group),
      handling: (topic, partition) => this.handlingOf(group, topic, partition),
      onBatchEnd: (size) => {
        this.counts.batches += 1;
        this.counts.batchMessages += size;
      },
      onStopped: ({ topic, partition, lane }) => this.options.onTrouble?.({ kind: 'stopped', group, topic, partition, offset: lane.next, error: lane.stopped }),
      onLeft: (error) => {
        this.counts.rejoins += 1;
        this.options.onTrouble?.({ kind: 'rejoin', group, error });
      },
      onUnready: (error) => this.options.onTrouble?.({ kind: 'assignment', group, error }),
    });
  }

  private handlingOf(group: string, topic: string, partition: number): Omit<HandleBatchOptions, 'signal'> {
    const trouble = (kind: 'retry' | 'dead-letter', error: unknown, { offset }: IncomingMessage): void =>
      this.options.onTrouble?.({ kind, group, topic, partition, offset, error });
    return {
      group,
      publish: (messages) => this.publish(messages),
      ...(this.options.backoff ? { backoff: this.options.backoff } : {}),
      nowMs: () => (this.options.nowMs ?? Date.now)(),
      onRetry: (error, message) => {
        this.counts.retries += 1;
        trouble('retry', error, message);
      },
      onDeadLetter: (error, message) => {
        this.counts.deadLetters += 1;
        trouble('dead-letter', error, message);
      },
    };
  }

  /** Up to the log's end at the call. */
  private async caughtUp(member: GroupMember, topic: string): Promise<void> {
    const bounds = await this.connection.askUntilAnswered((admin) => readBounds(admin, this.namespace.topic(topic)), member.signal);
    if (bounds) await member.caughtUp(topic, new Map([...bounds].map(([partition, { high }]) => [partition, high])));
  }

  private allMembers(): GroupMember[] {
    return [...this.members.values()].flat();
  }

  private sumByGroup(count: (lane: { lag: number; handled: number }) => number): Map<string, number> {
    const sums = new Map<string, number>();
    for (const member of this.allMembers())
      for (const { topic, lane } of member.held) {
        const name = `${member.options.group} ${topic}`;
        sums.set(name, (sums.get(name) ?? 0) + count(lane));
      }
    return sums;
  }
}

const unknownTopic = (topic: string): Error => new Error(`no topic ${topic}: topics are created from the contracts`);
