// One member of a group: which partitions it has, and a lane for each partition of each topic. Fetching never waits for a handler.
import type { AssignmentListener, BatchHandler, SubscriptionKind, TopicDefinition } from '@kwota/messaging';
import { pause, type HandleBatchOptions } from '@kwota/messaging/handle-batch';
import type { EachBatchPayload } from 'kafkajs';
import { GroupAssignment } from './group-assignment.js';
import { GroupConsumer, type GroupTimings, type Joined } from './group-consumer.js';
import type { KafkaClientOptions } from './kafka-client.js';
import type { KafkaConnection } from './kafka-connection.js';
import { Lanes, type HeldLane, type LanesOfProcess } from './lanes.js';
import type { Namespace } from './namespace.js';
import { laneKey, openLane } from './open-lane.js';
import { PositionCommits } from './position-commits.js';
import { none } from './positions.js';
import { readBounds, readStarts, type Starts } from './start-positions.js';
import { takeBatch } from './take-batch.js';

export type GroupMemberOptions = Readonly<{
  /** As the service names it. */
  group: string;
  /** As the broker knows it: for a broadcast, a group of its own. */
  groupId: string;
  kind: SubscriptionKind;
  client: KafkaClientOptions;
  connection: KafkaConnection;
  namespace: Namespace;
  kept: ReadonlyMap<string, TopicDefinition['kept']>;
  timings: GroupTimings;
  lanesOfProcess: LanesOfProcess;
  listener: () => AssignmentListener | undefined;
  handling: (topic: string, partition: number) => Omit<HandleBatchOptions, 'signal'>;
  onBatchEnd: (size: number) => void;
  onStopped: (held: HeldLane) => void;
  onLeft: (error: unknown) => void;
  /** The service's listener failed; it is told again. */
  onUnready: (error: unknown) => void;
}>;

/** Longer than a rebalance takes when all members are alive and their listeners well. */
const rebalanceMsMax = 5_000;
const lookAgainMs = 20;

export class GroupMember {
  /** What it consumes, by the topic's plain name. */
  readonly topics = new Map<string, BatchHandler>();
  rebalances = 0;
  private readonly lanes = new Lanes();
  private readonly commits = new PositionCommits(() => this.lanes.positions());
  private consumer: GroupConsumer | undefined;
  private restartsBefore = 0;
  private readonly assignment: GroupAssignment;
  /** Aborted when another assignment comes. */
  private superseded = new AbortController();
  private readonly closing = new AbortController();
  private changing: Promise<void> = Promise.resolve();
  private changeIsDue = false;
  /** From the moment in which its lanes are given up to the one in which its consumer is gone. */
  private isLeaving = false;
  private waiting: (() => void)[] = [];
  private isSettled = false;
  private unsettledSinceMs = -Infinity;

  constructor(readonly options: GroupMemberOptions) {
    this.assignment = new GroupAssignment(() => (options.kind === 'shared' ? options.listener() : undefined), options.onUnready);
  }

  get restarts(): number {
    return this.restartsBefore + (this.consumer?.restarts ?? 0);
  }

  get held(): Iterable<HeldLane> {
    return this.lanes.all();
  }

  /** Aborted when it closes. */
  get signal(): AbortSignal {
    return this.closing.signal;
  }

  /** It is in its group and knows where it stands; a rebalance may take a moment. */
  get isInGroup(): boolean {
    return this.consumer?.isJoined === true && (this.isSettled || performance.now() - this.unsettledSinceMs < rebalanceMsMax);
  }

  /** How long the broker has not answered this member, or its group not known it. */
  get silentMs(): number {
    return this.consumer?.silentMs ?? 0;
  }

  /** After a change of `topics`: joins (anew) with what they are when this turn of the event loop is over; leaves when there are none. */
  change(): Promise<void> {
    if (!this.changeIsDue) {
      this.changeIsDue = true;
      this.isSettled = false;
      this.unsettledSinceMs = -Infinity;
      this.changing = this.changing.then(async () => {
        await new Promise<void>((resolve) => setImmediate(resolve));
        this.changeIsDue = false;
        await this.reopen();
      });
    }
    return this.changing;
  }

  /** Resolves when it is in its group, knows where it stands on each of its partitions, and may handle them. */
  settled(): Promise<void> {
    return this.isSettled || this.closing.signal.aborted ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Resolves when all below these offsets, by partition, has been handled, of the partitions that it has by then. */
  async caughtUp(topic: string, offsets: ReadonlyMap<number, number>): Promise<void> {
    for (;;) {
      await this.settled();
      const lanes = this.lanes.of(topic);
      await Promise.all(lanes.map(({ lane, partition }) => lane.handledTo(offsets.get(partition) ?? 0)));
      // What was given up meanwhile is another's, or comes again after joining.
      if (this.signal.aborted || lanes.every(({ lane }) => !lane.isDropped)) return;
      await pause(lookAgainMs, this.signal);
    }
  }

  /** Lets the topic's batches under way finish and takes no more. */
  async leaveTopic(topic: string): Promise<void> {
    const held = [...this.lanes.of(topic)];
    for (const { lane } of held) lane.drop();
    await Promise.all(held.map(({ lane }) => lane.finish()));
    this.topics.delete(topic);
    await this.change();
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.topics.clear();
    await this.change();
    this.tellSettled();
  }

  private async reopen(): Promise<void> {
    this.isLeaving = true;
    this.superseded.abort();
    const { client, connection, groupId, timings, namespace, kind } = this.options;
    // A broadcast's lanes stay while their topic does: nobody else moves its positions.
    const given = [...this.lanes.all()].filter(({ topic, lane }) => kind === 'shared' || lane.isDropped || !this.topics.has(topic));
    for (const { lane } of given) lane.drop();
    await Promise.all(given.map(({ lane }) => lane.finish()));
    await this.commits.close();
    for (const held of given) this.letGo(held);
    this.restartsBefore = this.restarts;
    const { consumer } = this;
    this.consumer = undefined;
    await consumer?.close();
    this.isLeaving = false;
    this.commits.forget();
    if (kind === 'shared') this.assignment.keep(() => false);
    if (this.topics.size === 0) return this.tellSettled();
    this.consumer = new GroupConsumer({
      client,
      groupId,
      timings,
      gate: connection.ready,
      topics: [...this.topics.keys()].map((topic) => namespace.topic(topic)),
      listener: {
        onJoin: (joined) => this.onJoin(joined),
        onBatch: (payload) => this.onBatch(payload),
        onRebalancing: () => void this.commits.write(),
        onQuiet: (sinceMs) => this.onQuiet(sinceMs),
        onLeft: (error) => this.onLeft(error),
      },
    });
  }

  private onLeft(error: unknown): void {
    this.commits.forget();
    this.isSettled = false;
    this.unsettledSinceMs = -Infinity;
    // Another may have its partitions from now on: what waits is for whoever has them.
    if (this.options.kind === 'shared') for (const { lane } of this.lanes.all()) lane.drop();
    this.options.onLeft(error);
  }

  private onJoin({ partitions, follows: followsOn }: Joined): void {
    this.rebalances += 1;
    if (this.isSettled) this.unsettledSinceMs = performance.now();
    this.isSettled = false;
    this.superseded.abort();
    this.superseded = new AbortController();
    const numbers = new Set([...partitions.values()].flat());
    // A broadcast's partitions are nobody else's, whatever has happened.
    this.assignment.keep((number) => numbers.has(number) && (followsOn || this.options.kind === 'broadcast'));
    for (const held of [...this.lanes.all()]) {
      if (this.assignment.isReady(held.partition) && partitions.get(held.brokerTopic)?.includes(held.partition)) continue;
      held.lane.drop();
      this.letGo(held);
    }
    if (this.isLeaving) return;
    for (const [brokerTopic, ofTopic] of partitions) for (const partition of ofTopic) this.steer(brokerTopic, partition);
    void this.settle(partitions, numbers, this.superseded.signal);
  }

  /** What it has goes on where it was; what is new waits until its position is known. */
  private steer(brokerTopic: string, partition: number): void {
    const held = this.lanes.get(brokerTopic, partition);
    if (!held || held.lane.isFull || held.lane.stopped) this.consumer?.pause(brokerTopic, partition);
    if (!held) return;
    held.soughtTo = held.lane.fetchedTo;
    this.consumer?.seek(brokerTopic, partition, held.soughtTo);
  }

  private async settle(partitions: Joined['partitions'], numbers: ReadonlySet<number>, signal: AbortSignal): Promise<void> {
    const told = this.assignment.tell(numbers, signal);
    const missing = [...partitions].flatMap(([topic, ofTopic]) => ofTopic.filter((partition) => !this.lanes.get(topic, partition)).map((partition) => ({ topic, partition })));
    if (missing.length > 0) {
      const topics = [...new Set(missing.map(({ topic }) => topic))];
      const groupId = this.options.kind === 'shared' ? this.options.groupId : undefined;
      const starts = await this.options.connection.askUntilAnswered((admin) => readStarts(admin, topics, groupId), signal);
      if (!starts || signal.aborted) return;
      for (const { topic, partition } of missing) this.open(topic, partition, starts, told);
    }
    if (!(await told) || signal.aborted) return;
    this.assignment.setReady(numbers);
    this.tellSettled();
  }

  private open(brokerTopic: string, partition: number, starts: Starts, told: Promise<boolean>): void {
    const topic = this.options.namespace.plainTopic(brokerTopic);
    const handle = this.topics.get(topic);
    const bounds = starts.bounds.get(brokerTopic)?.get(partition);
    if (!handle || !bounds) return;
    const committed = starts.committed.get(brokerTopic)?.get(partition) ?? none;
    const { held, gone } = openLane(this.options, {
      ...{ topic, brokerTopic, partition, handle, bounds, committed },
      mayBegin: this.assignment.isReady(partition) ? Promise.resolve(true) : told,
      isOurs: () => this.options.kind === 'broadcast' || this.consumer?.isMember === true,
      onProgress: (progressed) => this.onProgress(progressed),
      onFull: (isFull) => this.consumer?.[isFull ? 'pause' : 'resume'](brokerTopic, partition),
    });
    this.lanes.set(held);
    this.commits.known(brokerTopic, partition, committed >= 0 ? committed : undefined);
    if (gone !== undefined) return this.stop(held, new Error(gone));
    this.consumer?.seek(brokerTopic, partition, held.soughtTo);
    this.consumer?.resume(brokerTopic, partition);
  }

  private letGo(held: HeldLane): void {
    this.lanes.delete(held);
    void this.options.lanesOfProcess.leave(laneKey(this.options.groupId, held), held.lane);
  }

  /** @throws when the broker does not tell its oldest offset: then the batch comes again. */
  private async onBatch({ batch, commitOffsetsIfNecessary }: EachBatchPayload): Promise<void> {
    this.commits.useCommit(commitOffsetsIfNecessary);
    const held = this.lanes.get(batch.topic, batch.partition);
    if (!held || this.isLeaving) return;
    const oldestKept = async (): Promise<number> => {
      const bounds = await this.options.connection.ask((admin) => readBounds(admin, batch.topic));
      return bounds.get(batch.partition)?.low ?? 0;
    };
    const reason = await takeBatch(held, batch, this.options.kept.get(held.topic)?.kind === 'compacted', oldestKept);
    if (reason === undefined || held.lane.isDropped) return;
    // kafkajs has written "begin anywhere" over the position by now: it is put right, so that a restart finds it gone as well.
    this.commits.known(held.brokerTopic, held.partition, undefined);
    this.commits.moved();
    this.stop(held, new Error(reason));
  }

  private onProgress(held: HeldLane): void {
    this.options.onBatchEnd(held.lane.lastBatch);
    if (held.hasPosition) this.commits.moved();
    if (held.lane.stopped) this.stop(held, held.lane.stopped);
  }

  private stop(held: HeldLane, error: Error): void {
    held.lane.stop(error);
    this.consumer?.pause(held.brokerTopic, held.partition);
    this.options.onStopped(held);
  }

  private onQuiet(sinceMs: number): void {
    for (const { lane } of this.lanes.all()) lane.reachedEnd(sinceMs);
  }

  private tellSettled(): void {
    this.isSettled = !this.changeIsDue;
    if (this.changeIsDue && !this.closing.signal.aborted) return;
    const { waiting } = this;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
}
