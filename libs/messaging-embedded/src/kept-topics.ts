import type { TopicDefinition } from '@kwota/messaging';

/** How each topic is kept, and whether somebody waits for what is in it. */
export class KeptTopics {
  private readonly byName: ReadonlyMap<string, TopicDefinition>;
  /** Nothing of any topic is kept longer (DESIGN §5). */
  readonly longestMs: number;

  constructor(topics: readonly TopicDefinition[]) {
    this.byName = new Map(topics.map((definition) => [definition.topic, definition]));
    this.longestMs = Math.max(0, ...topics.map(({ kept }) => (kept.kind === 'compacted' ? 0 : kept.retentionMs)));
  }

  has(topic: string): boolean {
    return this.byName.has(topic);
  }

  isEphemeral(topic: string): boolean {
    return this.byName.get(topic)?.kept.kind === 'ephemeral';
  }

  readonly isCompacted = (topic: string): boolean => this.byName.get(topic)?.kept.kind === 'compacted';

  isAwaited(topic: string): boolean {
    return this.byName.get(topic)?.isAwaited === true;
  }

  /** What is kept for a time and awaited by nobody gives way to what is. */
  givesWay(topic: string): boolean {
    return this.byName.get(topic)?.kept.kind === 'for' && !this.isAwaited(topic);
  }
}
