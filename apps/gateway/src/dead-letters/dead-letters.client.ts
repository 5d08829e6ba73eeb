import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { deadLetterTopicOf, Messaging, type Subscription } from '@kwota/messaging';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { objectUnknown } from '../v6/ovh-error.js';
import { DeadLetters, settledAsHeader, settlesHeader, type DeadLetter } from './dead-letters.projection.js';

/** Lists, replays and drops dead letters. A replay is the original message again under its own topic and key: every step may run twice. */
@Injectable()
export class DeadLettersClient implements OnApplicationBootstrap, OnApplicationShutdown {
  private subscriptions: readonly Subscription[] = [];

  constructor(
    private readonly messaging: Messaging,
    private readonly deadLetters: DeadLetters,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const topics = topicDefinitions.map(({ topic }) => topic).filter((topic) => topic.endsWith('.dead'));
    this.subscriptions = await Promise.all(
      topics.map((topic) =>
        this.messaging.subscribe({
          topic,
          group: 'kwota.gateway',
          kind: 'broadcast',
          handle: async (batch) => {
            for (const incoming of batch) this.deadLetters.apply(incoming);
          },
        }),
      ),
    );
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.subscriptions.map((subscription) => subscription.close()));
  }

  list(): DeadLetter[] {
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

  private async settle(id: string, as: 'replayed' | 'dropped'): Promise<void> {
    const letter = this.deadLetters.find(id);
    if (!letter) return;
    const topic = deadLetterTopicOf(letter.headers['dead-topic'] ?? '');
    await this.messaging.publish([{ topic, key: letter.key, value: '{}', headers: { [settlesHeader]: id, [settledAsHeader]: as } }]);
  }
}
