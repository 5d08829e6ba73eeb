import type { EventReader, EventStoreHealth, StoredEvent, StreamHead, StreamSnapshot } from '@kwota/event-store';
import { decodeCommit } from './commit-row.js';
import type { EventFile } from './event-file.js';

/** Rows in memory at once while all events are read: a commit has at most a few megabytes, most have some kilobytes. */
const commitsPerRead = 32;

/** The reading half. No statement stays open between two events, so that a slow reader holds up neither writers nor checkpoints. */
export class SqliteEventReader implements EventReader {
  constructor(private readonly file: EventFile) {}

  async *readStream(stream: string, fromRevision = 0): AsyncGenerator<StoredEvent> {
    let next = fromRevision;
    for (;;) {
      let events = this.file.eventsFrom(stream, next);
      if (events.length === 0) {
        this.file.readNewerHeads();
        events = this.file.eventsFrom(stream, next);
      }
      if (events.length === 0) return;
      yield* events;
      next += events.length;
    }
  }

  async *readAll(fromPosition = 1): AsyncGenerator<StoredEvent> {
    let next = fromPosition;
    for (;;) {
      const rows = this.file.commitsFrom(next, commitsPerRead);
      const before = next;
      for (const row of rows) {
        for (const event of decodeCommit(row)) {
          if (event.position < next) continue;
          next = event.position + 1;
          yield event;
        }
      }
      if (next === before) return;
    }
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
