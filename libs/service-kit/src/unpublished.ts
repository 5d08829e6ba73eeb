import type { OutgoingMessage } from '@kwota/messaging';

/** About a second of the busiest service's messages, some 5 MB; when the log is away for longer the table alone has the rest. */
export const unpublishedMax = 10_000;

/**
 * What this process put in its outbox, by row id, so that it need not be read back: for SQLite, where nobody else writes the table. What was rolled back is in
 * here until its ids are given again: which ids are rows, the table alone tells.
 */
export class Unpublished {
  private readonly messages = new Map<number, OutgoingMessage>();

  /** Rows that follow each other, the last of them with this id. */
  keep(messages: readonly OutgoingMessage[], lastId: number): void {
    messages.forEach((message, index) => {
      const id = lastId - messages.length + 1 + index;
      // What a transaction that was rolled back left under this id must go, also where there is no room for more.
      if (this.messages.size < unpublishedMax || this.messages.has(id)) this.messages.set(id, message);
    });
  }

  /** The messages of these rows, both ends included; undefined when one is not known. */
  from(firstId: number, lastId: number): OutgoingMessage[] | undefined {
    const found: OutgoingMessage[] = [];
    for (let id = firstId; id <= lastId; id += 1) {
      const message = this.messages.get(id);
      if (!message) return undefined;
      found.push(message);
    }
    return found;
  }

  forget(firstId: number, lastId: number): void {
    for (let id = firstId; id <= lastId; id += 1) this.messages.delete(id);
  }
}
