// The log as one process sees it: its partitions are told to it anew, and the faults of a broker are made for it alone.
import { repliesTopic } from '@kwota/messaging/requests';
import type { AssignmentListener, BatchHandler, Messaging, OutgoingMessage, SubscriptionOptions } from '@kwota/messaging';
import { PublishFailed } from '@kwota/messaging/failures';
import { Killed, type Kill } from './fault-kills.js';

export const brokerFaults = ['a publish fails', 'a publish without an answer', 'everything comes twice'] as const;
export type BrokerFault = (typeof brokerFaults)[number];

/** Of a process's publishes one in so many meets the fault. */
const everyPublish = 3;

export class ProcessLog {
  readonly messaging: Messaging;
  fault: BrokerFault | undefined;
  /** How many were made. */
  faults = 0;
  /** For a process without a store: its steps are what it publishes and the replies that it hears. */
  kill: Kill | undefined;
  private publishes = 0;

  constructor(private readonly log: Messaging) {
    const partitions = new Set(Array.from({ length: log.partitionCount }, (_, partition) => partition));
    let listener: AssignmentListener = async () => undefined;
    let told: Promise<void> | undefined;
    const overridden: Partial<Messaging> = {
      publish: (messages) => this.publish(messages),
      onAssignment: (_, given) => void (listener = given),
      subscribe: async (options) => {
        if (options.kind === 'shared') await (told ??= listener({ partitions, gained: partitions, lost: new Set() }));
        return log.subscribe({ ...options, handle: this.handlerOf(options) });
      },
    };
    this.messaging = new Proxy<Messaging>(log, {
      get: (target, name) => {
        const value: unknown = Reflect.get(overridden, name) ?? Reflect.get(target, name);
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
      },
    });
  }

  private async publish(messages: readonly OutgoingMessage[]): Promise<void> {
    // Nobody is left who waits for it, and whoever offers again and again must come to an end.
    if (this.kill?.isDead) return;
    const publish = (): Promise<void> => this.publishOrFail(messages);
    await (this.kill ? this.kill.strike(publish) : publish());
  }

  private async publishOrFail(messages: readonly OutgoingMessage[]): Promise<void> {
    const isStruck = (this.fault === 'a publish fails' || this.fault === 'a publish without an answer') && (this.publishes += 1) % everyPublish === 0;
    if (!isStruck) return this.log.publish(messages);
    this.faults += 1;
    if (this.fault === 'a publish without an answer') await this.log.publish(messages);
    throw new PublishFailed('a fault of the test');
  }

  private handlerOf({ topic, kind, handle }: SubscriptionOptions): BatchHandler {
    return async (batch) => {
      const { kill } = this;
      if (kill?.isDead) {
        // What is shared waits for the next life; what is broadcast that hears from the start.
        if (kind === 'shared') throw new Killed();
        return;
      }
      if (!kill || topic !== repliesTopic) return this.handleTwice(handle, batch);
      await kill.strike(() => handle(batch)).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
    };
  }

  private async handleTwice(handle: BatchHandler, batch: Parameters<BatchHandler>[0]): Promise<void> {
    await handle(batch);
    if (this.fault !== 'everything comes twice') return;
    this.faults += batch.length;
    await handle(batch);
  }
}
