import type { IncomingMessage } from '@kwota/messaging';

/** What a compacted topic's partition held when a subscriber came: of each key the latest value, and none that a tombstone has ended. */
export class LatestValues {
  private readonly latest = new Map<string, IncomingMessage>();

  /** `until`: messages from this offset on came later, and all of them count. */
  constructor(readonly until: number) {}

  add(messages: readonly IncomingMessage[]): void {
    for (const message of messages) {
      // Deleted first, so that the map stays in the order of offsets.
      this.latest.delete(message.key);
      if (message.value !== null) this.latest.set(message.key, message);
    }
  }

  /** In the order of their offsets. */
  take(): IncomingMessage[] {
    const messages = [...this.latest.values()];
    this.latest.clear();
    return messages;
  }
}
