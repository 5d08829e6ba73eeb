import type { EventReader, EventStoreHealth, StoredEvent, StreamHead, StreamSnapshot } from '@kwota/event-store';
import { EventsMissing, type Connection } from './connection.js';
import { KeptValues } from './kept-values.js';
import { PositionIndex, type NumberedEvent, type OnGap } from './position-index.js';
import { decodeSnapshot } from './snapshot-record.js';
import { fromStored, type StreamNames } from './stored-event.js';

const eventsPerPage = 1_000;

/** The reading half: page after page, nothing held open between two. */
export class KurrentEventReader implements EventReader {
  private readonly index: PositionIndex;
  private readonly kept: KeptValues;
  private trouble: string | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly names: StreamNames,
    onGap: OnGap,
  ) {
    this.index = new PositionIndex(connection, names, onGap);
    this.kept = new KeptValues(connection);
  }

  async *readStream(stream: string, fromRevision = 0): AsyncGenerator<StoredEvent> {
    for (let next = fromRevision; ; ) {
      const page = await this.asked(() => this.connection.readStream(this.names.events(stream), next, eventsPerPage));
      if (page.length === 0) return this.expectNoMore(stream, next);
      for (const event of page) {
        const revision = Number(event.revision);
        if (revision !== next) throw new EventsMissing(`revision ${next} of ${stream} is gone`);
        if (this.index.positionOf(stream, revision) === undefined) await this.asked(() => this.index.caughtUp());
        yield this.storedOf({ position: this.positionOf(stream, revision), stream, event });
        next += 1;
      }
      if (page.length < eventsPerPage) return;
    }
  }

  async *readAll(fromPosition = 1): AsyncGenerator<StoredEvent> {
    const pages = this.index.pages(fromPosition);
    for (;;) {
      const { done, value } = await this.asked(() => pages.next());
      if (done) return;
      for (const numbered of value) yield this.storedOf(numbered);
    }
  }

  async streams(): Promise<readonly StreamHead[]> {
    await this.asked(() => this.index.caughtUp());
    return this.index.heads();
  }

  async loadSnapshot(stream: string): Promise<StreamSnapshot | undefined> {
    const record = await this.asked(() => this.kept.load(this.names.snapshot(stream)));
    return record && decodeSnapshot(record);
  }

  /** Not ready after a failed read until one goes through again. */
  health(): EventStoreHealth {
    return { ready: this.trouble === undefined, reasons: this.trouble === undefined ? [] : [this.trouble] };
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  /** A stream that ends before events that are known was truncated or deleted. */
  private async expectNoMore(stream: string, next: number): Promise<void> {
    await this.asked(() => this.index.caughtUp());
    if (this.index.headOf(stream) < next) return;
    // It may have been written since the page was read.
    const [event] = await this.asked(() => this.connection.readStream(this.names.events(stream), next, 1));
    if (event === undefined || Number(event.revision) !== next) throw new EventsMissing(`revision ${next} of ${stream} is gone`);
  }

  private positionOf(stream: string, revision: number): number {
    const position = this.index.positionOf(stream, revision);
    if (position === undefined) throw new EventsMissing(`revision ${revision} of ${stream} is not in $all`);
    return position;
  }

  private storedOf({ position, stream, event }: NumberedEvent): StoredEvent {
    return { ...fromStored(event), stream, revision: Number(event.revision), position };
  }

  private async asked<Result>(read: () => Promise<Result>): Promise<Result> {
    try {
      const result = await read();
      this.trouble = undefined;
      return result;
    } catch (error) {
      this.trouble = 'the last read failed';
      throw error;
    }
  }
}
