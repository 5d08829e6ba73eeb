// The way to the cluster: finds it, sees to its topics, and goes on looking whether it answers. Nothing here gives up; health tells.
import { pause, pauseMs, type Backoff } from '@kwota/messaging/handle-batch';
import type { Admin } from 'kafkajs';
import { openClient, type KafkaClient, type KafkaClientOptions } from './kafka-client.js';
import { applyTopics, planTopics, readTopics, tellDifference, type TopicDifference, type WantedTopic } from './topics.js';

export type KafkaConnectionOptions = Readonly<{
  client: KafkaClientOptions;
  topics: readonly WantedTopic[];
  createTopics: boolean;
  replicationFactor?: number;
  nowMs: () => number;
}>;

/** While no broker answers, and until all know the new topics; topics that somebody has to mend are looked at as often. */
const backoff: Backoff = { firstMs: 50, maxMs: 500 };
const lookEveryMs = 2_000;
/** A broker that takes longer for a small question is not there for its users either. */
const answerMsMax = 3_000;
const requestTimeoutMs = 5_000;
const closeMsMax = 500;

export class KafkaConnection {
  /** Resolves when the cluster answers and its topics are as they must be; never rejects. */
  readonly ready: Promise<void>;
  private isReady = false;
  private failure: string | undefined;
  private askedSinceMs: number | undefined;
  private topicReasons: readonly string[] = [];
  private open: { admin: Admin; client: KafkaClient } | undefined;
  private readonly closing = new AbortController();
  private readonly running: Promise<void>;

  constructor(private readonly options: KafkaConnectionOptions) {
    let tellReady = (): void => {};
    this.ready = new Promise((resolve) => (tellReady = resolve));
    this.running = this.run(tellReady);
  }

  /** For people: `Kafka at 127.0.0.1:9092`. */
  get name(): string {
    return `Kafka at ${this.options.client.brokers.join(', ')}`;
  }

  reasons(): string[] {
    const isSilent = this.askedSinceMs !== undefined && this.options.nowMs() - this.askedSinceMs > answerMsMax;
    if (this.failure !== undefined || isSilent) return [`${this.name} does not answer`];
    if (this.topicReasons.length > 0) return [...this.topicReasons];
    return this.isReady ? [] : [`${this.name} has not answered yet`];
  }

  /** Asks the cluster once. @throws what kafkajs does; the next question goes over a new connection. */
  async ask<Answer>(question: (admin: Admin) => Promise<Answer>): Promise<Answer> {
    this.open ??= this.openAdmin();
    const { open } = this;
    try {
      await open.admin.connect();
      return await question(open.admin);
    } catch (error) {
      this.drop(open);
      throw error;
    }
  }

  /** Asks until there is an answer; undefined: the signal came first. */
  async askUntilAnswered<Answer>(question: (admin: Admin) => Promise<Answer>, signal: AbortSignal): Promise<Answer | undefined> {
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        const answer = await this.ask(question);
        return signal.aborted ? undefined : answer;
      } catch {
        await pause(pauseMs(backoff, attempt), signal);
      }
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.closing.abort();
    if (this.open) this.drop(this.open);
    // A question that is out may take its time-out to come back.
    await Promise.race([this.running, new Promise((resolve) => setTimeout(resolve, closeMsMax).unref())]);
  }

  private openAdmin(): { admin: Admin; client: KafkaClient } {
    const client = openClient(this.options.client, { retry: { retries: 0 }, requestTimeoutMs });
    return { client, admin: client.kafka.admin({ retry: { retries: 0 } }) };
  }

  private drop(open: { admin: Admin; client: KafkaClient }): void {
    if (this.open === open) this.open = undefined;
    open.client.giveUp();
    open.admin.disconnect().catch(() => {});
  }

  private async run(tellReady: () => void): Promise<void> {
    const { signal } = this.closing;
    for (let tries = 1; !signal.aborted; tries += 1) {
      this.askedSinceMs = this.options.nowMs();
      try {
        if (this.isReady) await this.ask((admin) => admin.describeCluster());
        else if (await this.ask((admin) => this.seeToTopics(admin))) {
          this.isReady = true;
          tellReady();
        }
        this.failure = undefined;
        if (this.isReady) tries = 0;
      } catch (error) {
        this.failure = error instanceof Error ? error.name : 'unknown';
      }
      this.askedSinceMs = undefined;
      await pause(tries === 0 ? lookEveryMs : pauseMs(backoff, tries), signal);
    }
  }

  /** True when all topics are as they must be. */
  private async seeToTopics(admin: Admin): Promise<boolean> {
    const { topics, createTopics, replicationFactor } = this.options;
    let differences = planTopics(topics, await readTopics(admin, topics, false)).filter(({ kind }) => kind !== 'settings');
    if (createTopics && differences.some(({ kind }) => kind === 'missing')) {
      await this.create(admin, differences, replicationFactor);
      differences = planTopics(topics, await readTopics(admin, topics, false)).filter(({ kind }) => kind !== 'settings');
    }
    this.topicReasons = differences.map((difference) => `${tellDifference(difference)}${remedyOf(difference)}`);
    if (differences.length > 0) return false;
    if (await haveLeaders(admin, topics)) return true;
    this.topicReasons = [`${this.name} is still preparing its topics`];
    return false;
  }

  private async create(admin: Admin, differences: readonly TopicDifference[], replicationFactor: number | undefined): Promise<void> {
    try {
      await applyTopics(admin, differences, replicationFactor === undefined ? {} : { replicationFactor });
    } catch (error) {
      // Another service may have been quicker with some of them, or this one may not create topics: the look after it tells.
      if (!(error instanceof Error) || !isAboutTopics(error)) throw error;
    }
  }
}

/** A new topic's leaders are named before they work: what met them so would begin with retries and another rebalance. */
const haveLeaders = async (admin: Admin, topics: readonly WantedTopic[]): Promise<boolean> => {
  try {
    for (const { topic } of topics) await admin.fetchTopicOffsets(topic);
    return true;
  } catch {
    return false;
  }
};

const remedyOf = ({ kind }: TopicDifference): string => (kind === 'missing' ? ': kwota topics apply creates it' : '');

const isAboutTopics = (error: Error): boolean => ['KafkaJSAggregateError', 'KafkaJSCreateTopicError', 'KafkaJSProtocolError'].includes(error.name);
