import { AppendFailed, EventStore, type AppendOutcome, type StoredEvent, type StreamAppend, type StreamHead, type StreamSnapshot } from '@kwota/event-store';
import type { Faults, Lifeline } from './faults.js';

/** What is durable, shared by all ledgers of a history. */
export class Disk {
  readonly all: StoredEvent[] = [];
  readonly streams = new Map<string, StoredEvent[]>();
  readonly snapshots = new Map<string, StreamSnapshot>();
  readonly marks = new Map<string, number>();

  append({ stream, expectedRevision, events }: StreamAppend): AppendOutcome {
    const stored = this.streams.get(stream) ?? [];
    const isRepeat = events.every(({ id, hash }, index) => {
      const there = stored[expectedRevision + 1 + index];
      return there !== undefined && there.id === id && Buffer.compare(there.hash, hash) === 0;
    });
    if (!isRepeat && expectedRevision !== stored.length - 1) return { stream, appended: false, actualRevision: stored.length - 1 };
    if (!isRepeat)
      for (const event of events) {
        const kept = { ...event, stream, revision: stored.length, position: this.all.length + 1 };
        stored.push(kept);
        this.all.push(kept);
      }
    this.streams.set(stream, stored);
    return { stream, appended: true, revision: expectedRevision + events.length };
  }
}

/** One ledger's view of it: slow, failing before or after the write, or answering nobody since its process is dead. */
export class SimulatedStore extends EventStore {
  constructor(
    private readonly disk: Disk,
    private readonly faults: Faults,
    private readonly lifeline: Lifeline,
  ) {
    super();
  }

  override append(batch: readonly StreamAppend[]): Promise<readonly AppendOutcome[]> {
    return this.lifeline.hold(this.write(batch));
  }

  override async *readStream(stream: string, fromRevision = 0): AsyncGenerator<StoredEvent> {
    await this.reach();
    for (const event of [...(this.disk.streams.get(stream) ?? [])].slice(fromRevision)) yield event;
  }

  override async *readAll(fromPosition = 1): AsyncGenerator<StoredEvent> {
    await this.reach();
    for (const event of this.disk.all.slice(fromPosition - 1)) yield event;
  }

  override async streams(): Promise<readonly StreamHead[]> {
    await this.reach();
    return [...this.disk.streams].map(([stream, events]) => ({ stream, revision: events.length - 1 }));
  }

  override async saveSnapshot(stream: string, snapshot: StreamSnapshot): Promise<void> {
    await this.reach();
    const known = this.disk.snapshots.get(stream);
    if (!known || snapshot.revision >= known.revision) this.disk.snapshots.set(stream, snapshot);
  }

  override async loadSnapshot(stream: string): Promise<StreamSnapshot | undefined> {
    await this.reach();
    return this.disk.snapshots.get(stream);
  }

  override async saveMarks(_name: string, marks: ReadonlyMap<string, number>): Promise<void> {
    await this.reach();
    for (const [stream, revision] of marks) this.disk.marks.set(stream, Math.max(revision, this.disk.marks.get(stream) ?? -1));
  }

  override async loadMarks(_name: string, streams?: readonly string[]): Promise<ReadonlyMap<string, number>> {
    await this.reach();
    return new Map([...this.disk.marks].filter(([stream]) => !streams || streams.includes(stream)));
  }

  override health = () => ({ ready: true, reasons: [] });
  override close = async (): Promise<void> => undefined;

  private async write(batch: readonly StreamAppend[]): Promise<readonly AppendOutcome[]> {
    const fault = this.faults.next();
    await this.faults.delay();
    // Killed before the write reached the disk, or not.
    if (this.lifeline.isCut && this.faults.chance.percent(50)) return [];
    if (fault === 'before' || this.faults.storeIsAway) throw new AppendFailed(new Error('the disk is full'));
    const outcomes = batch.map((append) => this.disk.append(append));
    await this.faults.delay();
    if (fault === 'after') throw new AppendFailed(new Error('no answer'));
    return outcomes;
  }

  private async reach(): Promise<void> {
    await this.lifeline.hold(this.faults.delay());
    if (this.faults.storeIsAway || this.faults.happens()) throw new Error('connection lost');
  }
}
