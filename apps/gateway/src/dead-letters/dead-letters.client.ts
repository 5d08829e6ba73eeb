import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { deadLetterTopicOf, Messaging, type IncomingMessage, type Subscription } from '@kwota/messaging';
import { ServiceUnavailable } from '@kwota/service-kit/request-client';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { objectUnknown } from '../v6/ovh-error.js';
import { DeadLetters, settledAsHeader, settlesHeader, type DeadLetter } from './dead-letters.projection.js';

/** Lists, replays and drops dead letters. A replay is the original message again under its own topic and key: every step may run twice. */
@Injectable()
export class DeadLettersClient implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly subscriptions: Subscription[] = [];
  /** Why the list is not whole, while it is not. */
  private trouble: string | undefined = 'gateway: it is reading the dead letters';

  constructor(
    private readonly messaging: Messaging,
    private readonly deadLetters: DeadLetters,
  ) {}

  /** Nobody waits for it: while the log is away the gateway serves the rest. */
  onApplicationBootstrap(): void {
    this.subscribe().then(
      () => (this.trouble = undefined),
      () => (this.trouble = 'gateway: it cannot read the dead letters'),
    );
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.subscriptions.map((subscription) => subscription.close()));
  }

  /** @throws ServiceUnavailable while not all of them are read. */
  list(): DeadLetter[] {
    if (this.trouble !== undefined) throw new ServiceUnavailable(this.trouble);
    return this.deadLetters.list();
  }

  /** @throws OvhError 404 for a letter that is not there, or settled already. */
  async replay(id: string): Promise<void> {
    const letter = this.deadLetters.find(id);
    if (!letter) throw objectUnknown();
    const headers = Object.fromEntries(Object.entries(letter.headers).filter(([name]) => !name.startsWith('dead-')));
    await this.messaging.publish([{ topic: letter.headers['dead-topic'] ?? '', key: letter.key, value: letter.value, headers }]);
    await this.settle(id, 'replayed');
  }

  async drop(id: string): Promise<void> {
    if (!this.deadLetters.find(id)) throw objectUnknown();
    await this.settle(id, 'dropped');
  }

  private async subscribe(): Promise<void> {
    const topics = topicDefinitions.map(({ topic }) => topic).filter((topic) => topic.endsWith('.dead'));
    const handle = async (batch: readonly IncomingMessage[]): Promise<void> => {
      for (const incoming of batch) this.deadLetters.apply(incoming);
    };
    this.subscriptions.push(...(await Promise.all(topics.map((topic) => this.messaging.subscribe({ topic, group: 'kwota.gateway.dead-letters', kind: 'broadcast', handle })))));
    await Promise.all(this.subscriptions.map((subscription) => subscription.caughtUp()));
  }

  private async settle(id: string, as: 'replayed' | 'dropped'): Promise<void> {
    const letter = this.deadLetters.find(id);
    if (!letter) return;
    const topic = deadLetterTopicOf(letter.headers['dead-topic'] ?? '');
    await this.messaging.publish([{ topic, key: letter.key, value: '{}', headers: { [settlesHeader]: id, [settledAsHeader]: as } }]);
  }
}
