/** CloudEvents attributes (`ce_…`), `content-type`, `traceparent`, and for requests `reply-to` and `correlation-id`. */
export type MessageHeaders = Readonly<Record<string, string>>;

/** What a producer hands over. `value` is JSON text; null is a tombstone, for compacted topics alone. */
export type OutgoingMessage = Readonly<{ topic: string; key: string; value: string | null; headers: MessageHeaders }>;

/** A message with its place in the log. Offsets grow within a partition, with gaps. */
export type IncomingMessage = OutgoingMessage & Readonly<{ partition: number; offset: number; timestampMs: number }>;

/** One partition's messages in order: all that were there. It may run twice, so it must be idempotent by the message's own ids. */
export type BatchHandler = (batch: readonly IncomingMessage[]) => Promise<void>;

/** `shared`: one member of the group gets a message, from the group's position. `broadcast`: every subscriber gets all that the topic keeps, from its start. */
export type SubscriptionKind = 'shared' | 'broadcast';

export type SubscriptionOptions = Readonly<{ topic: string; group: string; kind: SubscriptionKind; handle: BatchHandler }>;

export type Subscription = Readonly<{
  /** Lets the batch under way finish, keeps its position and takes no more. */
  close(): Promise<void>;
  /** Resolves when all that the topic held at the call has been handled: a broadcast subscriber knows then that its picture is whole. */
  caughtUp(): Promise<void>;
}>;

export type MessagingHealth = Readonly<{ ready: boolean; reasons: readonly string[] }>;

/**
 * What a service may count on, whichever adapter carries its messages; `@kwota/messaging/conformance` is this in tests. Messages of one
 * partition are handled in order and at least once by each group; partitions go side by side; the position moves only when the handler
 * is done; a failing handler holds up its own partition only (handle-batch.ts tells retry, dead letter and stop apart).
 */
export abstract class Messaging {
  /** Resolves when none of the messages can be lost any more, in the order given within each key. Rejects with PublishFailed. */
  abstract publish(messages: readonly OutgoingMessage[]): Promise<void>;

  abstract subscribe(options: SubscriptionOptions): Promise<Subscription>;

  /** Not ready while the log is out of reach or a partition stands still for an unknown version. */
  abstract health(): MessagingHealth;

  /** Closes all subscriptions, hands over what is under way and lets go of the log. */
  abstract close(): Promise<void>;
}

/** How a topic is kept; the contracts name these, the adapters create them. */
export type TopicDefinition = Readonly<{
  topic: string;
  /** `ephemeral` may live in memory alone: replies, of which a lost one is a time-out. */
  kept: Readonly<{ kind: 'for'; retentionMs: number }> | Readonly<{ kind: 'compacted' }> | Readonly<{ kind: 'ephemeral'; retentionMs: number }>;
}>;

export const deadLetterTopicOf = (topic: string): string => `${topic}.dead`;
export const defaultPartitionCount = 8;
