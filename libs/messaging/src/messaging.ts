/** CloudEvents attributes (`ce_…`), `content-type`, `traceparent`, and for requests `reply-to` and `correlation-id`. */
export type MessageHeaders = Readonly<Record<string, string>>;

/**
 * What a producer hands over. `value` is JSON text; null is a tombstone, for compacted topics alone. `content` is what `value` is the text of, where the producer has it:
 * within one process readers may get it as it is, and all of them the same, so nobody changes it.
 */
export type OutgoingMessage = Readonly<{ topic: string; key: string; value: string | null; headers: MessageHeaders; content?: unknown }>;

/**
 * A message with its place in the log. Offsets grow within a partition, with gaps. `durable` resolves when it cannot be lost any more, and rejects with PublishFailed
 * where nobody can tell; without it, it cannot be lost.
 */
export type IncomingMessage = OutgoingMessage & Readonly<{ partition: number; offset: number; timestampMs: number; durable?: Promise<void> | undefined }>;

/** One partition's messages in order: all that were there. It may run twice, so it must be idempotent by the message's own ids. */
export type BatchHandler = (batch: readonly IncomingMessage[]) => Promise<void>;

/** `shared`: one member of the group gets a message, from the group's position. `broadcast`: every subscriber gets all that the topic keeps, from its start. */
export type SubscriptionKind = 'shared' | 'broadcast';

/**
 * `beforeDurable`: messages may come while the log still waits for its disk. Whatever the handler makes durable elsewhere, or shows to anybody, must wait for their
 * `durable`: after a power cut their places in the log may be others'.
 */
export type SubscriptionOptions = Readonly<{ topic: string; group: string; kind: SubscriptionKind; handle: BatchHandler; beforeDurable?: boolean }>;

/**
 * `until: 'ordered'`: it is enough that nothing published from then on can outlive these messages, nor a position that is kept from then on. `lingerMs`: how long they may
 * wait for others with whom they share a commit. An adapter may do better: Kafka's waits for its acknowledgement and for nobody.
 */
export type PublishOptions = Readonly<{ until?: 'durable' | 'ordered'; lingerMs?: number }>;

/** `waitedMs`: for how long the oldest of it has waited already. It waits no more once the signal is aborted. */
export type WaitingWork = Readonly<{ waitedMs: () => number; signal: AbortSignal }>;

export type Subscription = Readonly<{
  /** Lets the batch under way finish, keeps its position and takes no more. */
  close(): Promise<void>;
  /** Resolves when all that the topic held at the call has been handled: a broadcast subscriber knows then that its picture is whole. */
  caughtUp(): Promise<void>;
}>;

/**
 * The partitions that this member of a group has from now on, the same numbers of every topic that the group consumes. `gained`: it did not
 * have them until now, so others may have, and what it remembers of them is old; `lost`: they are another's now.
 */
export type Assignment = Readonly<{ partitions: ReadonlySet<number>; gained: ReadonlySet<number>; lost: ReadonlySet<number> }>;

/** Resolves when the member may handle what it gained. Rejecting has it called again, after a pause, with the same. */
export type AssignmentListener = (assignment: Assignment) => Promise<void>;

/** Since the start. `commits`: durable writes, which messages that wait share. */
export type MessagingStats = Readonly<{ published: number; commits: number; retries: number; deadLetters: number }>;

export type MessagingHealth = Readonly<{ ready: boolean; reasons: readonly string[] }>;

/**
 * What a service may count on, whichever adapter carries its messages; `@kwota/messaging/conformance` is this in tests. Messages of one
 * partition are handled in order and at least once by each group; partitions go side by side; the position moves only when the handler
 * is done; a failing handler holds up its own partition only (handle-batch.ts tells retry, dead letter and stop apart).
 */
export abstract class Messaging {
  /** Resolves when none of the messages can be lost any more, in the order given within each key, or earlier where that is asked for. Rejects with PublishFailed. */
  abstract publish(messages: readonly OutgoingMessage[], options?: PublishOptions): Promise<void>;

  /**
   * Runs work for which nobody waits, as publishing what has happened: at once, or where all services share a thread that has no time left, in its turn behind what somebody
   * waits for, at the latest when it has waited for ten seconds.
   */
  inItsTurn<Result>(work: () => Promise<Result>, waiting: WaitingWork): Promise<Result> {
    void waiting;
    return work();
  }

  /** Subscriptions of one group that are made in one turn of the event loop begin together. */
  abstract subscribe(options: SubscriptionOptions): Promise<Subscription>;

  /**
   * Told of a shared group's partitions before the first batch and at each change: no batch of a gained partition is handled before the
   * listener has resolved. Call it before the group's first subscription, once a group and process.
   */
  abstract onAssignment(group: string, listener: AssignmentListener): void;

  /** Not ready while the log is out of reach or a partition stands still for an unknown version. */
  abstract health(): MessagingHealth;

  abstract readonly stats: MessagingStats;

  /** How many messages each of this process's subscriptions has not handled yet, as far as is known, by `group topic`. */
  abstract lags(): ReadonlyMap<string, number>;

  /** How many partitions there are. */
  abstract readonly partitionCount: number;

  /** Closes all subscriptions, hands over what is under way and lets go of the log. */
  abstract close(): Promise<void>;
}

/** How a topic is kept; the contracts name these, the adapters create them. */
export type TopicDefinition = Readonly<{
  topic: string;
  /** `ephemeral` may live in memory alone: replies, of which a lost one is a time-out. */
  kept: Readonly<{ kind: 'for'; retentionMs: number }> | Readonly<{ kind: 'compacted' }> | Readonly<{ kind: 'ephemeral'; retentionMs: number }>;
  /** Somebody waits while its messages are handled: where all share one thread, they go before the others. */
  isAwaited?: boolean;
}>;

export const deadLetterTopicOf = (topic: string): string => `${topic}.dead`;
export const defaultPartitionCount = 8;
