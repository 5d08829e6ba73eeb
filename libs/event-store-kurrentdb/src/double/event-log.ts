// The rules of KurrentDB's log that its clients can see: what an append is answered, what a read shows. README.md says where each is documented.

/** What a writer expects: an exact revision, or one of the server's words. */
export type Expected = bigint | 'no_stream' | 'stream_exists' | 'any';

export type ProposedEvent = Readonly<{ id: string; metadata: ReadonlyMap<string, string>; customMetadata: Uint8Array; data: Uint8Array }>;

export type RecordedEvent = ProposedEvent & Readonly<{ stream: string; revision: bigint; position: bigint; createdMs: number }>;

/** `not ready`: a repeat of what is not replicated yet. The server drops it without a word. */
export type AppendAnswer =
  | Readonly<{ kind: 'appended'; lastRevision: bigint; lastPosition: bigint }>
  | Readonly<{ kind: 'wrong expected version'; actual: bigint }>
  | Readonly<{ kind: 'deleted' }>
  | Readonly<{ kind: 'not ready' }>;

const noStream = -1n;
const metadataOf = (stream: string): string => `$$${stream}`;

type Stream = { events: RecordedEvent[]; lastRevision: bigint; tombstoned: boolean };

/** One log for all nodes of a cluster, in memory. Positions grow by the bytes of a record, as offsets in a file do. */
export class EventLog {
  private readonly streams = new Map<string, Stream>();
  private all: RecordedEvent[] = [];
  private end = 0n;
  /** Readers see what lies below: replicated and indexed. */
  private indexedUpTo = 0n;

  /** Written to the leader's log; readers see it, and its writer is answered, after `index`. */
  append(name: string, expected: Expected, events: readonly ProposedEvent[]): AppendAnswer {
    const stream = this.streams.get(name) ?? { events: [], lastRevision: noStream, tombstoned: false };
    if (stream.tombstoned) return { kind: 'deleted' };
    const actual = stream.lastRevision;
    const wrong: AppendAnswer = { kind: 'wrong expected version', actual };
    if (expected === 'stream_exists' && (this.isSoftDeleted(name) || (actual < 0n && !this.streams.has(metadataOf(name))))) return wrong;
    const known = this.firstOfRepeat(stream, expected, events);
    if (known === 'in part') return wrong;
    if (known !== undefined) {
      const last = stream.events.find(({ revision }) => revision === known + BigInt(events.length) - 1n)!;
      return last.position >= this.indexedUpTo ? { kind: 'not ready' } : { kind: 'appended', lastRevision: last.revision, lastPosition: last.position };
    }
    const startsAgain = expected === 'no_stream' && this.isSoftDeleted(name);
    const wanted = expected === 'no_stream' ? noStream : expected;
    if (typeof wanted === 'bigint' && wanted !== actual && !startsAgain) return wrong;
    this.streams.set(name, stream);
    for (const event of events) this.write(name, stream, event);
    return { kind: 'appended', lastRevision: stream.lastRevision, lastPosition: stream.events.at(-1)?.position ?? 0n };
  }

  /** Replicated and indexed up to and with the record at this position; never back. */
  index(position: bigint): void {
    if (position >= this.indexedUpTo) this.indexedUpTo = position + 1n;
  }

  /** The tail that was not replicated, of one stream here: a leader that fell truncates it before it comes back. */
  truncateTail(name: string): void {
    const stream = this.streams.get(name);
    if (!stream) return;
    stream.events = stream.events.filter(({ position }) => position < this.indexedUpTo);
    stream.lastRevision = stream.events.at(-1)?.revision ?? noStream;
    if (stream.events.length === 0) this.streams.delete(name);
    this.all = this.all.filter((event) => event.stream !== name || event.position < this.indexedUpTo);
  }

  /** undefined: the server says that there is no such stream. A tombstone: 'deleted'. */
  readStream(name: string, from: bigint | 'start' | 'end', direction: 'forwards' | 'backwards', count: number): RecordedEvent[] | 'deleted' | undefined {
    const stream = this.streams.get(name);
    if (stream?.tombstoned) return 'deleted';
    const visible = this.visibleOf(name);
    if (visible.length === 0) return undefined;
    const start = from === 'start' ? 0n : from === 'end' ? visible.at(-1)!.revision : from;
    const matching = direction === 'forwards' ? visible.filter(({ revision }) => revision >= start) : visible.filter(({ revision }) => revision <= start).reverse();
    return matching.slice(0, count);
  }

  /** From a position, inclusive. $all knows nothing of truncation: what was not scavenged is there. */
  readAll(from: bigint, isWanted: (stream: string) => boolean, count: number): RecordedEvent[] {
    const found: RecordedEvent[] = [];
    for (let at = this.firstFrom(from); at < this.all.length && found.length < count; at += 1) {
      const event = this.all[at]!;
      if (event.position >= this.indexedUpTo) break;
      if (isWanted(event.stream)) found.push(event);
    }
    return found;
  }

  /** `$tb`: events below are gone for readers of the stream, and for all after a scavenge. */
  truncate(name: string, before: bigint): void {
    const data = Buffer.from(`{"$tb":${before}}`);
    const metadata = new Map([['type', '$metadata'], ['content-type', 'application/json']]);
    this.append(metadataOf(name), 'any', [{ id: crypto.randomUUID(), metadata, customMetadata: new Uint8Array(), data }]);
    this.index(this.end - 1n);
  }

  /** A soft delete: `$tb` is the highest number there is, and the stream goes on from its last revision. */
  softDelete(name: string): void {
    this.truncate(name, 9_223_372_036_854_775_807n);
  }

  tombstone(name: string): void {
    const stream = this.streams.get(name);
    if (stream) stream.tombstoned = true;
  }

  /** Takes out what no reader of its stream sees any more; the last event of a stream stays, for its revision. */
  scavenge(): void {
    for (const [name, stream] of this.streams) {
      const visible = new Set(stream.tombstoned ? [] : this.visibleOf(name));
      stream.events = stream.events.filter((event) => visible.has(event) || event.revision === stream.lastRevision);
    }
    const left = new Set([...this.streams.values()].flatMap(({ events }) => events));
    this.all = this.all.filter((event) => left.has(event));
  }

  private write(name: string, stream: Stream, event: ProposedEvent): void {
    stream.lastRevision += 1n;
    const recorded: RecordedEvent = { ...event, stream: name, revision: stream.lastRevision, position: this.end, createdMs: Date.now() };
    // A record's header and names take some bytes, too: how many does not matter, only that positions are far apart.
    this.end += BigInt(100 + event.data.length + event.customMetadata.length);
    stream.events.push(recorded);
    this.all.push(recorded);
  }

  /**
   * With an exact revision (or none) the server compares the ids of the events at those very revisions, and answers as it did the first
   * time. With `any` and `stream_exists` it knows recent ids only: here, all of them.
   */
  private firstOfRepeat(stream: Stream, expected: Expected, events: readonly ProposedEvent[]): bigint | 'in part' | undefined {
    if (events.length === 0) return undefined;
    const isExact = typeof expected === 'bigint' || expected === 'no_stream';
    const first = isExact ? (expected === 'no_stream' ? 0n : expected + 1n) : stream.events.find(({ id }) => id === events[0]!.id)?.revision;
    if (first === undefined || first > stream.lastRevision) return undefined;
    const same = events.findIndex(({ id }, index) => stream.events.find(({ revision }) => revision === first + BigInt(index))?.id !== id);
    if (same === -1) return first;
    return same === 0 ? undefined : 'in part';
  }

  private visibleOf(name: string): RecordedEvent[] {
    const stream = this.streams.get(name);
    if (!stream) return [];
    const { $tb = 0n, $maxCount } = this.settingsOf(name);
    const firstByCount = $maxCount === undefined ? 0n : stream.lastRevision - $maxCount + 1n;
    return stream.events.filter(({ revision, position }) => revision >= $tb && revision >= firstByCount && position < this.indexedUpTo);
  }

  private isSoftDeleted(name: string): boolean {
    return (this.settingsOf(name).$tb ?? 0n) === 9_223_372_036_854_775_807n;
  }

  private settingsOf(name: string): { $tb?: bigint; $maxCount?: bigint } {
    const last = this.streams.get(metadataOf(name))?.events.at(-1);
    if (!last) return {};
    const numberOf = (key: string): bigint | undefined => {
      const found = new RegExp(`"\\${key}":(\\d+)`).exec(Buffer.from(last.data).toString());
      return found ? BigInt(found[1]!) : undefined;
    };
    return { $tb: numberOf('$tb'), $maxCount: numberOf('$maxCount') };
  }

  private firstFrom(position: bigint): number {
    let low = 0;
    let high = this.all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.all[middle]!.position < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
