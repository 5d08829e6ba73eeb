import type { StreamHead } from '@kwota/event-store';
import type { Position, RecordedEvent } from '@kurrent/kurrentdb-client';
import { EventsMissing, type Connection } from './connection.js';
import type { StreamNames } from './stored-event.js';

/** What a revision that is not there does: a ledger must not go on from what is left, an auditor reads it, to tell what is missing. */
export type OnGap = 'stop' | 'read on';

/** Where the event of a position lies in $all, and which it is. */
type Bookmark = Readonly<{ position: number; at: Position; id: string }>;
export type NumberedEvent = Readonly<{ position: number; stream: string; event: RecordedEvent }>;

const eventsPerPage = 1_000;

/**
 * Numbers the ledger's events from 1 in the order of $all, which the server never changes: an event's position is how many of the ledger's
 * lie before it, and itself. Nothing is recorded: each process counts anew, from the first event, when a position is first asked for.
 * In memory: a number an event, and a bookmark for every page.
 */
export class PositionIndex {
  /** The positions of each stream's events by revision; streams in the order of their first events. */
  private readonly positions = new Map<string, number[]>();
  private readonly bookmarks: Bookmark[] = [];
  private last: Bookmark | undefined;
  private running: Promise<void> = Promise.resolve();
  private next: Promise<void> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly names: StreamNames,
    private readonly onGap: OnGap,
  ) {}

  heads(): StreamHead[] {
    return [...this.positions].map(([stream, positions]) => ({ stream, revision: positions.length - 1 }));
  }

  /** -1 when nothing is known of it. */
  headOf(stream: string): number {
    return (this.positions.get(stream)?.length ?? 0) - 1;
  }

  positionOf(stream: string, revision: number): number | undefined {
    return this.positions.get(stream)?.[revision];
  }

  /** Knows then all that was durable at the call. Calls that wait share the next run. */
  caughtUp(): Promise<void> {
    this.next ??= this.running.then(() => {
      this.next = undefined;
      const run = this.catchUp();
      this.running = run.catch(() => undefined);
      return run;
    });
    return this.next;
  }

  /** Pages of events from a position on, up to the last one at the end of reading. @throws EventsMissing when what was there is gone. */
  async *pages(fromPosition: number): AsyncGenerator<readonly NumberedEvent[]> {
    let after = this.bookmarkBefore(fromPosition);
    for (;;) {
      const read = await this.connection.readAll({ prefix: this.names.eventsPrefix, from: after?.at, count: eventsPerPage + (after ? 1 : 0) });
      const isLast = read.length < eventsPerPage + (after ? 1 : 0);
      const fresh = after ? this.behind(after, read) : read;
      const first = (after?.position ?? 0) + 1;
      const numbered = fresh.map((event, index) => ({ position: first + index, stream: this.names.streamOf(event.streamId), event }));
      for (const each of numbered) this.note(each);
      const last = numbered.at(-1);
      if (last) {
        after = bookmarkOf(last);
        this.keep(after);
      }
      const wanted = first >= fromPosition ? numbered : numbered.slice(fromPosition - first);
      if (wanted.length > 0) yield wanted;
      if (isLast) return;
    }
  }

  private async catchUp(): Promise<void> {
    for await (const page of this.pages((this.last?.position ?? 0) + 1)) void page;
  }

  private behind({ position, id }: Bookmark, read: readonly RecordedEvent[]): readonly RecordedEvent[] {
    if (read[0]?.id !== id) throw new EventsMissing(`the event at position ${position} is gone`);
    return read.slice(1);
  }

  private note({ position, stream, event }: NumberedEvent): void {
    const revision = Number(event.revision);
    let positions = this.positions.get(stream);
    if (!positions) this.positions.set(stream, (positions = []));
    const known = positions[revision];
    if (known !== undefined && known !== position) throw new EventsMissing(`revision ${revision} of ${stream} was at position ${known}: events before it are gone`);
    if (known === undefined && revision !== positions.length && this.onGap === 'stop') throw new EventsMissing(`revision ${positions.length} of ${stream} is gone`);
    positions[revision] = position;
  }

  private keep(bookmark: Bookmark): void {
    if (this.last && bookmark.position <= this.last.position) return;
    if (bookmark.position - (this.bookmarks.at(-1)?.position ?? 0) >= eventsPerPage) this.bookmarks.push(bookmark);
    this.last = bookmark;
  }

  /** The nearest known event before a position: reading goes on from there. */
  private bookmarkBefore(position: number): Bookmark | undefined {
    if (this.last && this.last.position < position) return this.last;
    return this.bookmarks.findLast((bookmark) => bookmark.position < position);
  }
}

const bookmarkOf = ({ position, event }: NumberedEvent): Bookmark => ({ position, at: event.position!, id: event.id });
