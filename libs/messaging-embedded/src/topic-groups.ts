import type { IncomingMessage } from '@kwota/messaging';
import type { Lane } from './lane.js';
import type { TopicGroup } from './topic-group.js';

/** Who subscribes to which topic, by the names of their groups. */
export class TopicGroups {
  /** By topic, then by name. */
  private readonly groups = new Map<string, Map<string, TopicGroup>>();

  find(topic: string, name: string): TopicGroup | undefined {
    return this.groups.get(topic)?.get(name);
  }

  add(name: string, group: TopicGroup): TopicGroup {
    const ofTopic = this.groups.get(group.topic) ?? new Map<string, TopicGroup>();
    this.groups.set(group.topic, ofTopic.set(name, group));
    return group;
  }

  remove(name: string, { topic }: TopicGroup): void {
    this.groups.get(topic)?.delete(name);
  }

  all(): TopicGroup[] {
    return [...this.groups.values()].flatMap((groups) => [...groups.values()]);
  }

  /** By `group topic`. */
  sumByGroup(count: (of: TopicGroup) => number): Map<string, number> {
    const sums = new Map<string, number>();
    for (const of of this.all()) {
      const name = `${of.group} ${of.topic}`;
      sums.set(name, (sums.get(name) ?? 0) + count(of));
    }
    return sums;
  }

  deliver(message: IncomingMessage): void {
    const groups = this.groups.get(message.topic);
    if (groups) for (const { lanes } of groups.values()) (lanes[message.partition] as Lane).offer(message);
  }

  /** To those alone who asked for messages before they are durable; `deliver` leaves them out then. */
  deliverEarly(message: IncomingMessage, durable: Promise<void>): void {
    const groups = this.groups.get(message.topic);
    if (groups) for (const { lanes, beforeDurable } of groups.values()) if (beforeDurable) (lanes[message.partition] as Lane).offerEarly({ durable, ...message });
  }
}
