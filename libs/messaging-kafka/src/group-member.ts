// One member of a group: which partitions it has, and a lane for each partition of each topic. Fetching never waits for a handler.
import type { AssignmentListener, BatchHandler, SubscriptionKind, TopicDefinition } from '@kwota/messaging';
import type { HandleBatchOptions } from '@kwota/messaging/handle-batch';
import type { EachBatchPayload } from 'kafkajs';
import { GroupAssignment } from './group-assignment.js';
import { GroupConsumer, type GroupTimings, type Joined } from './group-consumer.js';
import type { KafkaClientOptions } from './kafka-client.js';
import type { KafkaConnection } from './kafka-connection.js';
import { Lanes, type HeldLane, type LanesOfProcess } from './lanes.js';
import type { Namespace } from './namespace.js';
import { PartitionLane } from './partition-lane.js';
import { PositionCommits } from './position-commits.js';
import { startOf, type Start } from './positions.js';
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
}>;

/** Longer than a rebalance takes when all members are alive and their listeners well. */
const rebalanceMsMax = 5_000;

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
  private waiting: (() => void)[] = [];
  private isSettled = false;
  private unsettledSinceMs = -Infinity;

  constructor(readonly options: GroupMemberOptions) {
    this.assignment = new GroupAssignment(() => (options.kind === 'shared' ? options.listener() : undefined));
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

  /** How long the broker has not answered this member. */
  get silentMs(): number {
    return this.consumer ? performance.now() - this.consumer.lastAnswerMs : 0;
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
    this.superseded.abort();
    const { client, connection, groupId, timings, namespace, kind } = this.options;
    // A broadcast's lanes stay while their topic does: nobody else moves its positions.
    const given = [...this.lanes.all()].filter(({ topic }) => kind === 'shared' || !this.topics.has(topic));
    for (const { lane } of given) lane.drop();
    await Promise.all(given.map(({ lane }) => lane.finish()));
    await this.commits.close();
    for (const held of given) this.letGo(held);
    this.restartsBefore = this.restarts;
    const { consumer } = this;
    this.consumer = undefined;
    await consumer?.close();
    this.commits.forget();
    if (kind === 'shared') this.assignment.keep(() => false);
    if (this.topics.size === 0) return;
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
    const { lanesOfProcess, handling, onBatchEnd, namespace } = this.options;
    const topic = namespace.plainTopic(brokerTopic);
    const handle = this.topics.get(topic);
    const bounds = starts.bounds.get(brokerTopic)?.get(partition);
    if (!handle || !bounds) return;
    const committed = starts.committed.get(brokerTopic)?.get(partition) ?? -1;
    const start = this.startOf(topic, committed, bounds);
    const from = 'from' in start ? start.from : Math.max(committed, bounds.low);
    const isGained = !this.assignment.isReady(partition);
    let takenOver = (): void => {};
    const isTakenOver = new Promise<void>((resolve) => (takenOver = resolve));
    const lane = new PartitionLane({
      handle,
      handling: handling(topic, partition),
      from,
      high: bounds.high,
      mayBegin: Promise.all([isGained ? told : true, isTakenOver]).then(([isReady]) => isReady),
      ...(this.isLatestAlone(topic) ? { latestUntil: bounds.high } : {}),
      onProgress: (progressed) => this.onProgress(held, progressed, onBatchEnd),
      onFull: (_, isFull) => this.consumer?.[isFull ? 'pause' : 'resume'](brokerTopic, partition),
    });
    const held: HeldLane = { topic, brokerTopic, partition, lane, soughtTo: from, hasPosition: this.options.kind === 'shared' };
    void lanesOfProcess.takeOver(this.keyOf(held), lane).then(takenOver);
    this.lanes.set(held);
    this.commits.known(brokerTopic, partition, committed >= 0 ? committed : undefined);
    if ('gone' in start) {
      // What the coordinator has is the only trace of it: it must stay as it is.
      held.hasPosition = false;
      this.stop(held, new Error(start.gone));
      return;
    }
    this.consumer?.seek(brokerTopic, partition, from);
    this.consumer?.resume(brokerTopic, partition);
  }

  private letGo(held: HeldLane): void {
    this.lanes.delete(held);
    void this.options.lanesOfProcess.leave(this.keyOf(held), held.lane);
  }

  private keyOf({ brokerTopic, partition }: HeldLane): string {
    return `${this.options.groupId} ${brokerTopic} ${partition}`;
  }

  private startOf(topic: string, committed: number, bounds: { low: number; high: number }): Start {
    const kept = this.options.kept.get(topic);
    if (kept?.kind === 'ephemeral' && committed < 0) return { from: bounds.high };
    return startOf(committed, bounds, kept?.kind === 'compacted');
  }

  private isLatestAlone(topic: string): boolean {
    return this.options.kind === 'broadcast' && this.options.kept.get(topic)?.kind === 'compacted';
  }

  /** @throws when the broker does not tell its oldest offset: then the batch comes again. */
  private async onBatch({ batch, commitOffsetsIfNecessary }: EachBatchPayload): Promise<void> {
    this.commits.useCommit(commitOffsetsIfNecessary);
    const held = this.lanes.get(batch.topic, batch.partition);
    if (!held) return;
    const oldestKept = async (): Promise<number> => {
      const bounds = await this.options.connection.ask((admin) => readBounds(admin, batch.topic));
      return bounds.get(batch.partition)?.low ?? 0;
    };
    const reason = await takeBatch(held, batch, this.options.kept.get(held.topic)?.kind === 'compacted', oldestKept);
    if (reason === undefined) return;
    // kafkajs has written "begin anywhere" over the position by now: it is put right, so that a restart finds it gone as well.
    this.commits.known(held.brokerTopic, held.partition, undefined);
    this.commits.moved();
    this.stop(held, new Error(reason));
  }

  private onProgress(held: HeldLane, lane: PartitionLane, onBatchEnd: (size: number) => void): void {
    onBatchEnd(lane.lastBatch);
    if (held.hasPosition) this.commits.moved();
    if (lane.stopped) this.stop(held, lane.stopped);
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
