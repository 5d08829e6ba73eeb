// All that gathered while one Produce request was out, and in the next turns of the event loop, leaves in the next one: cost is per request, and nothing lingers for a timer (ADR 21).
import { PublishFailed } from '@kwota/messaging/failures';
import { gather } from '@kwota/messaging/gather';
import type { Message } from 'kafkajs';

/** One message, ready to go. */
export type OutgoingRecord = Readonly<{ topic: string; partition: number; message: Message; bytes: number }>;

/** What is needed of kafkajs's producer. */
export type ProducerConnection = Readonly<{
  connect(): Promise<void>;
  sendBatch(batch: { acks: number; timeout: number; topicMessages: { topic: string; messages: Message[] }[] }): Promise<unknown>;
  /** Never rejects, and may take its time. */
  disconnect(): Promise<void>;
}>;

export type GatheringProducerOptions = Readonly<{
  open: () => ProducerConnection;
  /** Nothing leaves before it resolves: the topics must be there. */
  gate: Promise<void>;
  nowMs: () => number;
  waitingMsMax?: number;
}>;

/** All in one request: the broker takes 1 MiB for a partition (message.max.bytes), and what is larger delays the next request more than it saves. */
const requestBytesMax = 500_000;
/** kafkajs groups messages by partition in a time that grows with the square of their number. */
const requestMessagesMax = 4_000;
/** The broker's 1,048,588 bytes, less than which the record's own frame leaves. */
const messageBytesMax = 1_000_000;
/** 100,000 messages of 500 bytes are 50 MB: what waits while the broker is away stays in memory. */
export const waitingMessagesMax = 100_000;
export const waitingBytesMax = 64_000_000;
/** Who published has given up by then; the message must not leave much later. */
const waitingMsMax = 60_000;
const waitingLookEveryMs = 500;
const connectAgainMs = 200;
/** For the broker: how long its replicas may take. */
const replicasTimeoutMs = 5_000;

type Publishing = { open: number; sinceMs: number; failed: boolean; resolve: () => void; reject: (error: Error) => void };
type Waiting = Readonly<{ record: OutgoingRecord; of: Publishing }>;

export class GatheringProducer {
  published = 0;
  /** Produce requests that succeeded. */
  requests = 0;
  /** Since when the request under way is out, and why the last one failed, if it did. */
  outSinceMs: number | undefined;
  lastFailure: string | undefined;
  private readonly queue: Waiting[] = [];
  private queuedBytes = 0;
  private out: readonly Waiting[] = [];
  private connection: ProducerConnection | undefined;
  /** On its way to the broker. */
  private opening: ProducerConnection | undefined;
  private running: Promise<void> | undefined;
  private closed = false;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly options: GatheringProducerOptions) {
    this.timer = setInterval(() => this.giveUpOld(), waitingLookEveryMs).unref();
  }

  get waiting(): number {
    return this.queue.length;
  }

  publish(records: readonly OutgoingRecord[]): Promise<void> {
    if (this.closed) return Promise.reject(new PublishFailed('the log is closed'));
    if (records.length === 0) return Promise.resolve();
    const tooLarge = records.find(({ bytes }) => bytes > messageBytesMax);
    if (tooLarge) return Promise.reject(new PublishFailed(`a message of ${tooLarge.bytes} bytes is larger than ${messageBytesMax}`));
    if (this.queue.length + records.length > waitingMessagesMax || this.queuedBytes > waitingBytesMax)
      return Promise.reject(new PublishFailed(`${this.queue.length} messages wait for Kafka already`));
    return new Promise((resolve, reject) => {
      const of: Publishing = { open: records.length, sinceMs: this.options.nowMs(), failed: false, resolve, reject };
      for (const record of records) {
        this.queue.push({ record, of });
        this.queuedBytes += record.bytes;
      }
      this.running ??= this.run();
    });
  }

  /** Sends what waits, then lets go of the broker. What the broker does not take until `graceMs` is over is told so. */
  async close(graceMs: number): Promise<void> {
    this.closed = true;
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)));
    await Promise.race([this.running, grace]);
    clearTimeout(timer);
    clearInterval(this.timer);
    this.drop([...this.out, ...this.queue.splice(0)], new PublishFailed('this process is stopping'));
    const { connection, opening } = this;
    this.connection = undefined;
    await Promise.all([connection?.disconnect(), opening?.disconnect()]);
  }

  private async run(): Promise<void> {
    await this.options.gate;
    while (this.queue.length > 0) {
      await gather();
      const connection = await this.connect();
      const batch = connection ? this.take() : [];
      if (!connection || batch.length === 0) continue;
      this.out = batch;
      this.outSinceMs = this.options.nowMs();
      try {
        await connection.sendBatch({ acks: -1, timeout: replicasTimeoutMs, topicMessages: byTopic(batch) });
        this.succeed(batch);
      } catch (error) {
        this.fail(batch, error);
      }
      this.out = [];
      this.outSinceMs = undefined;
    }
    this.running = undefined;
  }

  /** Undefined where it did not come about: what waits goes on waiting. */
  private async connect(): Promise<ProducerConnection | undefined> {
    if (this.connection) return this.connection;
    const connection = this.options.open();
    this.opening = connection;
    try {
      await connection.connect();
      this.connection = connection;
      return connection;
    } catch (error) {
      this.lastFailure = nameOf(error);
      void connection.disconnect();
      await new Promise((resolve) => setTimeout(resolve, connectAgainMs));
      return undefined;
    } finally {
      this.opening = undefined;
    }
  }

  /** The next request's messages; what belongs to a publishing that has failed already stays behind. */
  private take(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { record } of this.queue) {
      if (count > 0 && (bytes + record.bytes > requestBytesMax || count === requestMessagesMax)) break;
      bytes += record.bytes;
      count += 1;
    }
    this.queuedBytes -= bytes;
    return this.queue.splice(0, count).filter(({ of }) => !of.failed);
  }

  private succeed(batch: readonly Waiting[]): void {
    this.lastFailure = undefined;
    this.requests += 1;
    this.published += batch.length;
    for (const { of } of batch) if ((of.open -= 1) === 0 && !of.failed) of.resolve();
  }

  private fail(batch: readonly Waiting[], error: unknown): void {
    // The broker knows an idempotent producer's messages by their sequence numbers, which kafkajs would now give to others: these it would
    // take for what it has, and acknowledge without writing. A new producer begins new sequences.
    const { connection } = this;
    this.connection = undefined;
    void connection?.disconnect();
    this.lastFailure = nameOf(error);
    this.drop(batch, new PublishFailed('Kafka did not take the messages', { cause: error }));
  }

  private drop(waiting: readonly Waiting[], error: PublishFailed): void {
    for (const { of } of waiting) {
      if (of.failed) continue;
      of.failed = true;
      of.reject(error);
    }
    if (this.queue.length === 0) this.queuedBytes = 0;
  }

  private giveUpOld(): void {
    const oldestMs = this.options.nowMs() - (this.options.waitingMsMax ?? waitingMsMax);
    const old = this.queue.findIndex(({ of }) => of.sinceMs > oldestMs);
    const count = old === -1 ? this.queue.length : old;
    if (count === 0) return;
    const given = this.queue.splice(0, count);
    for (const { record } of given) this.queuedBytes -= record.bytes;
    this.drop(given, new PublishFailed('Kafka does not answer'));
  }
}

const byTopic = (batch: readonly Waiting[]): { topic: string; messages: Message[] }[] => {
  const messages = new Map<string, Message[]>();
  for (const { record } of batch) {
    const ofTopic = messages.get(record.topic) ?? [];
    messages.set(record.topic, ofTopic);
    ofTopic.push(record.message);
  }
  return [...messages].map(([topic, ofTopic]) => ({ topic, messages: ofTopic }));
};

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown');
