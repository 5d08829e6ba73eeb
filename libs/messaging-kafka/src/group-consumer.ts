// The life of one member of a consumer group: kafkajs's consumer, made anew for as long as it takes. It ends when it is closed, and never else.
import { pause, pauseMs, type Backoff } from '@kwota/messaging/handle-batch';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import { CopartitionAssigner } from './copartition-assigner.js';
import { openClient, type KafkaClientOptions } from './kafka-client.js';
import { QuietRounds } from './quiet-rounds.js';

/** `follows`: nobody else can have had the partitions that were assigned last and are assigned again. Topics are named as the broker does. */
export type Joined = Readonly<{ partitions: ReadonlyMap<string, readonly number[]>; follows: boolean }>;

export type ConsumerListener = Readonly<{
  /** Called before anything is fetched: the place to pause and to seek. */
  onJoin: (joined: Joined) => void;
  onBatch: (payload: EachBatchPayload) => Promise<void>;
  /** The last moment to write positions. */
  onRebalancing: () => void;
  /** All partitions that are not paused have been read to their ends, as they were at this time or later. */
  onQuiet: (sinceMs: number) => void;
  /** It is no member any more, and will be another one. */
  onLeft: (error: unknown) => void;
}>;

/** `fetchSpacingMs`: so long after a fetch that brought something the next may begin; what comes meanwhile is in it. */
export type GroupTimings = Readonly<{ sessionTimeoutMs: number; heartbeatMs: number; fetchSpacingMs: number }>;
const defaultTimings: GroupTimings = { sessionTimeoutMs: 6_000, heartbeatMs: 1_000, fetchSpacingMs: 0 };

/** A member notices a rebalance with a heartbeat, and must have some within a session. */
export const timingsOf = ({ sessionTimeoutMs = defaultTimings.sessionTimeoutMs, heartbeatMs, fetchSpacingMs = defaultTimings.fetchSpacingMs }: Partial<GroupTimings> = {}): GroupTimings => ({
  sessionTimeoutMs,
  fetchSpacingMs,
  heartbeatMs: heartbeatMs ?? Math.min(defaultTimings.heartbeatMs, sessionTimeoutMs / 4),
});

/** An idle fetch waits so long for something to come; commits and heartbeats have another connection. */
const fetchWaitMs = 300;
/** A service has up to four topics of eight partitions. */
const concurrentBatches = 32;
const fetchBytesPerPartition = 1_048_576;
const requestTimeoutMs = 5_000;
/** A member that does not join again by then is left out; handlers do not hold up joining here, so only a dead one is. */
const rebalanceTimeoutMs = 10_000;
/** Joining may take a rebalance; kafkajs is expected to end by itself long before. */
const silentMsMax = 3 * rebalanceTimeoutMs;
/** A heartbeat that is out may take its time-out to come back. */
const unknownMsMax = requestTimeoutMs;
const silenceLookEveryMs = 1_000;
/** For leaving the group in good order. */
const leaveMsMax = 3_000;
const rebuildBackoff: Backoff = { firstMs: 100, maxMs: 500 };
const retry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 };

export type GroupConsumerOptions = Readonly<{
  client: KafkaClientOptions;
  /** As the broker knows it. */
  groupId: string;
  topics: readonly string[];
  timings: GroupTimings;
  /** Nothing is tried before it resolves: the topics must be there. */
  gate: Promise<void>;
  listener: ConsumerListener;
}>;

export class GroupConsumer {
  isJoined = false;
  private isRebalancing = false;
  /** When the group last knew this member, or it began to join. */
  private knownMs = -Infinity;
  /** When the broker last answered anything. */
  private lastAnswerMs = performance.now();
  restarts = 0;
  private consumer: Consumer | undefined;
  private joins = 0;
  private memberId: string | undefined;
  private readonly closing = new AbortController();
  private readonly running: Promise<void>;

  constructor(private readonly options: GroupConsumerOptions) {
    this.running = this.run();
  }

  /** No session has passed since its last heartbeat: its partitions cannot be another's yet. */
  get isMember(): boolean {
    return this.isJoined && performance.now() - this.knownMs < this.options.timings.sessionTimeoutMs;
  }

  /** How long no sign of the group has come, or none of any broker. */
  get silentMs(): number {
    return performance.now() - Math.min(this.lastAnswerMs, this.knownMs);
  }

  pause(topic: string, partition: number): void {
    this.whileMember((consumer) => consumer.pause([{ topic, partitions: [partition] }]));
  }

  resume(topic: string, partition: number): void {
    this.whileMember((consumer) => consumer.resume([{ topic, partitions: [partition] }]));
  }

  seek(topic: string, partition: number, offset: number): void {
    this.whileMember((consumer) => consumer.seek({ topic, partition, offset: String(offset) }));
  }

  /** Leaves the group. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  /** Between two lives there is nothing to steer: the next begins with joining. */
  private whileMember(steer: (consumer: Consumer) => void): void {
    try {
      if (this.consumer) steer(this.consumer);
    } catch {
      // kafkajs says so, too, in the moment in which it falls down.
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    await Promise.race([this.options.gate, untilAborted(signal)]);
    for (let failures = 1; !signal.aborted; failures += 1) {
      const joinsBefore = this.joins;
      const error = await this.live();
      this.isJoined = false;
      if (signal.aborted) return;
      this.restarts += 1;
      this.options.listener.onLeft(error);
      if (this.joins > joinsBefore) failures = 1;
      await pause(pauseMs(rebuildBackoff, failures), signal);
    }
  }

  /** From connecting to the fall or the closing; gives what it fell over. */
  private async live(): Promise<unknown> {
    const { groupId, topics, timings, listener } = this.options;
    const client = openClient(this.options.client, { retry, requestTimeoutMs });
    const assigner = new CopartitionAssigner();
    const consumer = client.kafka.consumer({
      groupId,
      partitionAssigners: [assigner.assigner],
      sessionTimeout: timings.sessionTimeoutMs,
      heartbeatInterval: timings.heartbeatMs,
      rebalanceTimeout: Math.max(rebalanceTimeoutMs, timings.sessionTimeoutMs),
      maxWaitTimeInMs: fetchWaitMs,
      minBytes: 1,
      maxBytesPerPartition: fetchBytesPerPartition,
      allowAutoTopicCreation: false,
      // kafkajs falls silent for good after some errors, and restarts by itself after others: here it is always this class that does.
      retry: { ...retry, restartOnFailure: async () => false },
    });
    this.consumer = consumer;
    this.lastAnswerMs = performance.now();
    this.knownMs = performance.now();
    this.isRebalancing = false;
    const fallen = this.listen(consumer, assigner);
    const run = async (): Promise<never> => {
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      if (this.memberId !== undefined) await assigner.takeOut(groupId, this.memberId);
      this.memberId = undefined;
      await consumer.run({
        autoCommit: false,
        // Of a fetch that is to wait all batches wait together. Each of kafkajs's workers costs something at every fetch, so there are no more than that takes.
        partitionsConsumedConcurrently: timings.fetchSpacingMs > 0 ? concurrentBatches : 1,
        eachBatch: async (payload) => {
          await listener.onBatch(payload);
          if (timings.fetchSpacingMs > 0) await pause(timings.fetchSpacingMs, this.closing.signal);
        },
      });
      return new Promise(() => {});
    };
    const error = await Promise.race([run(), fallen, this.silence(), untilAborted(this.closing.signal)]).catch((reason: unknown) => reason);
    this.consumer = undefined;
    const left = consumer.disconnect().catch(() => {});
    // A broker that does not answer is not waited for, nor where there is nothing to leave in good order.
    if (this.closing.signal.aborted) await Promise.race([left, after(leaveMsMax)]);
    client.giveUp();
    return error;
  }

  /** Resolves when the consumer falls. */
  private listen(consumer: Consumer, assigner: CopartitionAssigner): Promise<unknown> {
    const { listener } = this.options;
    const { events } = consumer;
    const quiet = new QuietRounds();
    const whileAlive =
      <Event>(listen: (event: Event) => void) =>
      (event: Event): void => {
        if (this.consumer === consumer) listen(event);
      };
    consumer.on(events.GROUP_JOIN, whileAlive(({ payload }) => {
      const missedNone = assigner.takeAssignment();
      const follows = missedNone && payload.memberId === this.memberId;
      this.memberId = payload.memberId;
      const partitions = new Map(Object.entries(payload.memberAssignment));
      assigner.has = [...new Set([...partitions.values()].flat())];
      this.joins += 1;
      this.isJoined = true;
      this.isRebalancing = false;
      this.knownMs = performance.now();
      quiet.hasHeard();
      listener.onJoin({ partitions, follows });
    }));
    consumer.on(events.HEARTBEAT, whileAlive(() => {
      this.knownMs = performance.now();
    }));
    consumer.on(events.REBALANCING, whileAlive(() => {
      this.isRebalancing = true;
      listener.onRebalancing();
    }));
    consumer.on(events.START_BATCH_PROCESS, () => quiet.hasHeard());
    consumer.on(events.FETCH_START, whileAlive(({ payload }) => {
      const sinceMs = quiet.begin(payload.nodeId, performance.now());
      if (sinceMs !== undefined) listener.onQuiet(sinceMs);
    }));
    consumer.on(events.REQUEST, ({ payload }) => {
      this.lastAnswerMs = performance.now();
      if (payload.apiName === 'Fetch') quiet.hasAnswered();
    });
    return new Promise((resolve) => consumer.on(events.CRASH, ({ payload }) => resolve(payload.error)));
  }

  /**
   * Resolves when nothing has been heard for so long that something must be wrong. kafkajs can lose a heartbeat with the connection that it was on, waits for
   * it for ever, and goes on fetching for a group that has forgotten it.
   */
  private async silence(): Promise<Error> {
    const { consumer } = this;
    const { sessionTimeoutMs } = this.options.timings;
    while (this.consumer === consumer && !this.closing.signal.aborted) {
      await pause(silenceLookEveryMs, this.closing.signal);
      const isSteady = this.isJoined && !this.isRebalancing;
      if (this.silentMs > (isSteady ? Math.min(silentMsMax, sessionTimeoutMs + unknownMsMax) : silentMsMax)) break;
    }
    return new Error('nothing was heard from the broker');
  }
}

const untilAborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
