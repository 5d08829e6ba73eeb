// Nest's way in for any adapter of Messaging: handlers are Nest controllers, and the adapters stay free of Nest.
import { Messaging, type IncomingMessage, type OutgoingMessage, type Subscription, type SubscriptionOptions } from '@kwota/messaging';
import { TransientFailure } from '@kwota/messaging/failures';
import { readMessage, type ReadableContract } from '@kwota/messaging/read-message';
import { replyTo } from '@kwota/messaging/requests';
import { applyDecorators, Catch, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { EventPattern, MessagePattern, Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { isObservable, lastValueFrom, throwError, type Observable } from 'rxjs';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';

/** A message of a contract with its place in the log; `message` is undefined for a tombstone. */
export type Received<Message> = Readonly<{ message: Message; incoming: IncomingMessage }>;
export type ReceivedOrTombstone<Message> = Readonly<{ message: Message | undefined; incoming: IncomingMessage }>;

type TopicPattern = Readonly<{ role: 'topic'; contract: ReadableContract<unknown>; kind: 'shared' | 'broadcast'; tombstones: boolean; beforeDurable?: boolean }>;
type RequestPattern = Readonly<{ role: 'request'; contract: AnsweredContract }>;

/** The part of a request's contract that answering needs; `@kwota/contracts/define-request` has the whole. */
type AnsweredContract = Readonly<{
  topic: string;
  type: string;
  name: string;
  readRequest: (value: string) => { readonly message: unknown } | { readonly violation: string };
  reply: (body: never, metadata: { id: string; source: string }) => { value: string; headers: Record<string, string> };
}>;

/** Nest turns unknown errors into "Internal server error"; Messaging must see what they were. */
@Catch()
class PassErrorsOn implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/**
 * The method takes `Received<Message>[]`: one partition's messages in order. Rejecting has the batch come again (messaging/handle-batch). `beforeDurable` as in
 * SubscriptionOptions.
 */
export const OnMessages = (contract: ReadableContract<unknown>, options: { beforeDurable?: boolean } = {}): MethodDecorator =>
  onTopic({ role: 'topic', contract, kind: 'shared', tombstones: false, ...options });

/** Every instance gets all that the topic keeps, tombstones included; the method takes `ReceivedOrTombstone<Message>[]`. */
export const OnBroadcast = (contract: ReadableContract<unknown>): MethodDecorator => onTopic({ role: 'topic', contract, kind: 'broadcast', tombstones: true });

/** As OnMessages, for compacted topics: tombstones come too. */
export const OnMessagesAndTombstones = (contract: ReadableContract<unknown>): MethodDecorator => onTopic({ role: 'topic', contract, kind: 'shared', tombstones: true });

const onTopic = (pattern: TopicPattern): MethodDecorator =>
  applyDecorators(EventPattern(pattern.contract.topic, pattern) as MethodDecorator, UseFilters(new PassErrorsOn()));

/** The method takes the request, and with `@Payload()` and `@Ctx()` also its IncomingMessage; it returns the reply. */
export const OnRequest = (contract: Omit<AnsweredContract, 'reply'> & { reply: (body: never, metadata: never) => unknown }): MethodDecorator =>
  applyDecorators(MessagePattern(contract.type, { role: 'request', contract }), UseFilters(new PassErrorsOn()));

/** A batch has at most a thousand. */
const batchSizeBuckets = [1, 3, 10, 30, 100, 300, 1_000];

type NestHandler = (data: unknown, context?: unknown) => Promise<unknown>;

export class MessagingStrategy extends Server implements CustomTransportStrategy {
  private readonly subscriptions: Subscription[] = [];
  private readonly batchSizes;

  constructor(
    private readonly messaging: Messaging,
    private readonly service: string,
    private readonly log: Logger,
    metrics?: Metrics,
  ) {
    super();
    this.batchSizes = metrics?.histogram('kwota_messaging_batch_size', 'Messages that a handler got at once.', batchSizeBuckets, ['topic']);
  }

  listen(started: (error?: unknown) => void): void {
    this.subscribeAll().then(
      () => started(),
      (error: unknown) => started(error),
    );
  }

  /** Batches under way finish; positions are kept. */
  async close(): Promise<void> {
    await Promise.all(this.subscriptions.map((subscription) => subscription.close()));
  }

  /** Resolves when this service has handled what its broadcast topics held at the call. */
  async caughtUp(): Promise<void> {
    await Promise.all(this.subscriptions.map((subscription) => subscription.caughtUp()));
  }

  on(): never {
    throw new Error('Messaging has no transport events');
  }

  unwrap<Client>(): Client {
    return this.messaging as Client;
  }

  /** All in one turn, so that they begin together. */
  private async subscribeAll(): Promise<void> {
    const requests = new Map<string, Map<string, { handler: NestHandler; contract: AnsweredContract }>>();
    const options: SubscriptionOptions[] = [];
    for (const handler of this.messageHandlers.values()) {
      const pattern = handler.extras as TopicPattern | RequestPattern;
      if (handler.next) throw new Error(`${this.service} handles ${JSON.stringify(pattern)} twice: one handler a topic, or a failure of one repeats both`);
      if (pattern.role === 'topic') options.push(this.topicSubscription(handler as NestHandler, pattern));
      else {
        const ofTopic = requests.get(pattern.contract.topic) ?? new Map();
        requests.set(pattern.contract.topic, ofTopic.set(pattern.contract.type, { handler: handler as NestHandler, contract: pattern.contract }));
      }
    }
    for (const [topic, handlers] of requests)
      options.push({ topic, group: this.group, kind: 'shared', handle: (batch) => this.answerAll(batch, handlers) });
    this.subscriptions.push(...(await Promise.all(options.map((option) => this.messaging.subscribe(this.counted(option))))));
  }

  private counted(option: SubscriptionOptions): SubscriptionOptions {
    const { topic, handle } = option;
    const { batchSizes } = this;
    if (!batchSizes) return option;
    return {
      ...option,
      handle: (batch) => {
        batchSizes.observe(batch.length, { topic });
        return handle(batch);
      },
    };
  }

  private get group(): string {
    return `kwota.${this.service}`;
  }

  private topicSubscription(handler: NestHandler, { contract, kind, tombstones, beforeDurable = false }: TopicPattern): SubscriptionOptions {
    const handle = async (batch: readonly IncomingMessage[]): Promise<void> => {
      const received: ReceivedOrTombstone<unknown>[] = [];
      for (const incoming of batch) {
        if (incoming.value === null && tombstones) {
          received.push({ message: undefined, incoming });
          continue;
        }
        const message = readMessage(contract, incoming);
        if (message !== undefined) received.push({ message, incoming });
      }
      if (received.length > 0) await settled(handler(received));
    };
    return { topic: contract.topic, group: this.group, kind, handle, beforeDurable };
  }

  /** Requests of one key in order, of different keys side by side; each is answered, so that nobody waits for a deadline in vain. */
  private async answerAll(
    batch: readonly IncomingMessage[],
    handlers: ReadonlyMap<string, { handler: NestHandler; contract: AnsweredContract }>,
  ): Promise<void> {
    const byKey = groupByKey(batch);
    const replies: OutgoingMessage[] = [];
    await Promise.all(
      [...byKey.values()].map(async (ofKey) => {
        for (const incoming of ofKey) {
          const reply = await this.answer(incoming, handlers);
          if (reply) replies.push(reply);
        }
      }),
    );
    if (replies.length > 0) await this.messaging.publish(replies);
  }

  private async answer(
    incoming: IncomingMessage,
    handlers: ReadonlyMap<string, { handler: NestHandler; contract: AnsweredContract }>,
  ): Promise<OutgoingMessage | undefined> {
    const known = handlers.get(incoming.headers['ce_type'] ?? '');
    const body = known ? await this.replyBody(incoming, known.handler, known.contract) : { outcome: 'failed', reason: 'this version does not know the request' };
    const metadata = { id: `${incoming.headers['ce_id']}.reply`, source: `kwota/${this.service}` };
    const { value, headers } = known ? known.contract.reply(body as never, metadata) : { value: JSON.stringify(body), headers: {} };
    return replyTo(incoming, value, headers);
  }

  private async replyBody(incoming: IncomingMessage, handler: NestHandler, contract: AnsweredContract): Promise<unknown> {
    const read = contract.readRequest(incoming.value ?? 'null');
    if ('violation' in read) return { outcome: 'failed', reason: `not a ${contract.name}: ${read.violation}` };
    try {
      return await settled(handler(read.message, incoming));
    } catch (error) {
      // The asker may ask again; a bug must not be retried behind its back. The error's text may carry personal data: its stack alone is logged.
      const transient = error instanceof TransientFailure;
      this.log.error({ request: contract.name, err: stackOnly(error) }, 'a request failed');
      return { outcome: 'failed', reason: transient ? error.stage : 'internal error' };
    }
  }
}

const settled = async (result: Promise<unknown>): Promise<unknown> => {
  const value = await result;
  return isObservable(value) ? lastValueFrom(value, { defaultValue: undefined }) : value;
};

const groupByKey = (batch: readonly IncomingMessage[]): Map<string, IncomingMessage[]> => {
  const groups = new Map<string, IncomingMessage[]>();
  for (const message of batch) {
    const group = groups.get(message.key);
    if (group) group.push(message);
    else groups.set(message.key, [message]);
  }
  return groups;
};

/** An error's name and where it came from, without its message. */
export const stackOnly = (error: unknown): { type: string; at: string } =>
  error instanceof Error
    ? { type: error.name, at: (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at ')).slice(0, 6).join('\n') }
    : { type: typeof error, at: '' };
