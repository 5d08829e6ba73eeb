import type { EventReader, EventStoreHealth, StoredEvent, StreamHead, StreamSnapshot } from '@kwota/event-store';
import { decodeCommit } from './commit-row.js';
import type { EventFile } from './event-file.js';

/** Rows in memory at once while all events are read: a commit has at most a few megabytes, most have some kilobytes. */
const commitsPerRead = 32;

/** The reading half. No statement stays open between two events, so that a slow reader holds up neither writers nor checkpoints. */
export class SqliteEventReader implements EventReader {
  constructor(private readonly file: EventFile) {}

  readStream(stream: string, fromRevision = 0): AsyncIterable<StoredEvent> {
    let next = fromRevision;
    return inPages(() => {
      let events = this.file.eventsFrom(stream, next);
      if (events.length === 0) {
        this.file.readNewerHeads();
        events = this.file.eventsFrom(stream, next);
      }
      next += events.length;
      return events;
    });
  }

  readAll(fromPosition = 1): AsyncIterable<StoredEvent> {
    let next = fromPosition;
    return inPages(() => {
      const events: StoredEvent[] = [];
      for (const row of this.file.commitsFrom(next, commitsPerRead)) {
        for (const event of decodeCommit(row)) if (event.position >= next) events.push(event);
      }
      next = (events.at(-1)?.position ?? next - 1) + 1;
      return events;
    });
  }

  async streams(): Promise<readonly StreamHead[]> {
    this.file.readNewerHeads();
    return this.file.index.heads();
  }

  async loadSnapshot(stream: string): Promise<StreamSnapshot | undefined> {
    return this.file.loadSnapshot(stream);
  }

  health(): EventStoreHealth {
    return { ready: true, reasons: [] };
  }

  async close(): Promise<void> {
    this.file.close();
  }
}

/** Hands over page after page up to an empty one. By hand, as an async generator costs each event as much again as its decoding. */
const inPages = (readPage: () => readonly StoredEvent[]): AsyncIterable<StoredEvent> => ({
  [Symbol.asyncIterator]() {
    let page: readonly StoredEvent[] = [];
    let at = 0;
    return {
      async next(): Promise<IteratorResult<StoredEvent, undefined>> {
        if (at === page.length) {
          page = readPage();
          at = 0;
        }
        const value = page[at];
        if (value === undefined) return { done: true, value };
        at += 1;
        return { done: false, value };
      },
    };
  },
});
