import type { EventReader, EventStoreHealth, StoredEvent, StreamHead, StreamSnapshot } from '@kwota/event-store';
import type { Pool } from 'pg';

/** Rows of one page, or fewer when they have more bytes: the row that goes over this is the page's last. */
const rowsPerPage = 1_000;
const bytesPerPage = 4 * 1024 * 1024;

type EventRow = [position: number, stream: string, revision: number, id: string, type: string, data: Buffer, hash: Buffer];

/** Somebody took events out of the table. */
export class EventsMissing extends Error {
  override readonly name = 'EventsMissing';
}

/** What a missing position does: a ledger must not go on from what is left, an auditor reads it, to tell what is missing. */
export type OnGap = 'stop' | 'read on';

/** The reading half: page after page, nothing held open between two, so that a slow reader holds up neither writers nor vacuum. */
export class PostgresEventReader implements EventReader {
  private trouble: string | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly schema: string,
    private readonly onGap: OnGap,
  ) {}

  readStream(stream: string, fromRevision = 0): AsyncIterable<StoredEvent> {
    let next = fromRevision;
    return inPages(async () => {
      const events = await this.page('stream = $2 AND revision >= $1', 'revision', [next, stream]);
      for (const { revision } of events) {
        if (revision !== next) throw new EventsMissing(`revision ${next} of ${stream} is gone`);
        next += 1;
      }
      return events;
    });
  }

  readAll(fromPosition = 1): AsyncIterable<StoredEvent> {
    let next = fromPosition;
    return inPages(async () => {
      const events = await this.page('position >= $1', 'position', [next]);
      for (const { position } of events) {
        if (position !== next && this.onGap === 'stop') throw new EventsMissing(`position ${next} is gone`);
        next = position + 1;
      }
      return events;
    });
  }

  async streams(): Promise<readonly StreamHead[]> {
    const heads: StreamHead[] = [];
    const text = `
      SELECT first.position, first.stream, (SELECT max(revision) FROM ${this.schema}.events WHERE stream = first.stream)
      FROM ${this.schema}.events AS first WHERE first.revision = 0 AND first.position > $1 ORDER BY first.position LIMIT ${rowsPerPage}`;
    for (let after = 0; ; ) {
      const rows = await this.ask<[number, string, number]>('streams', text, [after]);
      for (const [, stream, revision] of rows) heads.push({ stream, revision });
      if (rows.length < rowsPerPage) return heads;
      after = rows.at(-1)![0];
    }
  }

  async loadSnapshot(stream: string): Promise<StreamSnapshot | undefined> {
    const text = `SELECT revision, reducer_version, hash, body FROM ${this.schema}.snapshots WHERE stream = $1`;
    const [row] = await this.ask<[number, number, Buffer, Buffer]>('snapshot', text, [stream]);
    if (!row) return undefined;
    const [revision, reducerVersion, hash, body] = row;
    return { revision, reducerVersion, hash, body };
  }

  /** Not ready after a failed read until one goes through again. */
  health(): EventStoreHealth {
    return { ready: this.trouble === undefined, reasons: this.trouble === undefined ? [] : [this.trouble] };
  }

  close(): Promise<void> {
    return this.pool.end();
  }

  /** The sum runs over lengths alone: a long `data` beyond the page is not read. */
  private async page(where: string, order: 'revision' | 'position', values: readonly unknown[]): Promise<readonly StoredEvent[]> {
    const columns = 'position, stream, revision, id, type, data, hash';
    const text = `
      SELECT ${columns} FROM (
        SELECT *, sum(octet_length(data)) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - octet_length(data) AS bytes_before
        FROM (SELECT ${columns} FROM ${this.schema}.events WHERE ${where} ORDER BY ${order} LIMIT ${rowsPerPage}) AS next
      ) AS page WHERE bytes_before < ${bytesPerPage} ORDER BY ${order}`;
    return (await this.ask<EventRow>(`page by ${order}`, text, values)).map(eventOf);
  }

  private async ask<Row extends unknown[]>(name: string, text: string, values: readonly unknown[]): Promise<Row[]> {
    try {
      const { rows } = await this.pool.query<Row>({ name, text, values: [...values], rowMode: 'array' });
      this.trouble = undefined;
      return rows;
    } catch (error) {
      this.trouble = 'the last read failed';
      throw error;
    }
  }
}

const eventOf = ([position, stream, revision, id, type, data, hash]: EventRow): StoredEvent => ({
  stream,
  revision,
  position,
  id,
  type,
  data,
  // A copy: whoever keeps the last hash of each stream would hold a slab of 8 KiB with each.
  hash: new Uint8Array(hash),
});

/** Hands over page after page up to an empty one. By hand, as an async generator costs each event as much again as its decoding. */
const inPages = (readPage: () => Promise<readonly StoredEvent[]>): AsyncIterable<StoredEvent> => ({
  [Symbol.asyncIterator]() {
    let page: readonly StoredEvent[] = [];
    let at = 0;
    return {
      async next(): Promise<IteratorResult<StoredEvent, undefined>> {
        if (at === page.length) {
          page = await readPage();
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
