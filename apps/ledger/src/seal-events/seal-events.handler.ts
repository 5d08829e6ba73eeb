import { CheckpointFile, type SealedTree } from '@kwota/audit-log/checkpoint-file';
import { checkpointText, parseCheckpoint } from '@kwota/audit-log/checkpoint';
import { leafHashOf, placeOf } from '@kwota/audit-log/event-leaf';
import { MerkleFrontier } from '@kwota/audit-log/merkle-tree';
import type { SignerKey } from '@kwota/audit-log/note-keys';
import { formatNote, signNote } from '@kwota/audit-log/signed-note';
import type { EventStore } from '@kwota/event-store';

/** So many events at a time, a millisecond's work, then whoever waits has a turn. */
const eventsPerTurn = 200;
/** Then a checkpoint, also when there is more: a ledger that is killed while it catches up goes on from there. */
const eventsPerCheckpointMax = 200_000;

/** What was sealed is not in the store any more, or is there as something else. Nothing is signed until somebody has looked (runbook). */
export class SealingRefused extends Error {
  override readonly name = 'SealingRefused';
}

/**
 * Builds the tree of RFC 6962 over all events and signs what it is. The store's positions order all events without a gap, so they are the leaves'
 * order: the file keeps no list of its own, and the same events give the same tree wherever they were copied.
 */
export class SealEventsHandler {
  private frontier = MerkleFrontier.empty();
  private last: SealedTree['last'] | undefined;
  private isResumed = false;
  private signedSize = 0;

  constructor(
    private readonly store: Pick<EventStore, 'readAll'>,
    private readonly file: CheckpointFile,
    /** All of one name, which is the log's origin. */
    private readonly keys: readonly SignerKey[],
    private readonly giveWay: () => Promise<void> = () => new Promise((resolve) => setImmediate(resolve)),
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** Of the last checkpoint. */
  get sealedEvents(): number {
    return this.signedSize;
  }

  /** Reads what is new and signs it, until an end that may yet be set. @throws SealingRefused, or what the store throws: then it may be tried again. */
  async handle(endMs: () => number = () => Number.POSITIVE_INFINITY): Promise<void> {
    await this.resume();
    while ((await this.read(endMs)) && this.nowMs() < endMs());
  }

  /** Adds the events that follow, and signs them. True: there may be more. */
  private async read(endMs: () => number): Promise<boolean> {
    let added = 0;
    let isMore = false;
    for await (const event of this.store.readAll(this.frontier.size + 1)) {
      if (event.position !== this.frontier.size + 1) throw new SealingRefused(`position ${this.frontier.size + 1} is not in the store`);
      this.frontier.add(leafHashOf(placeOf(event)));
      const { stream, revision, hash } = event;
      this.last = { stream, revision, hash };
      added += 1;
      if (added % eventsPerTurn !== 0) continue;
      await this.giveWay();
      isMore = added >= eventsPerCheckpointMax || this.nowMs() >= endMs();
      if (isMore) break;
    }
    this.sign();
    return isMore;
  }

  private sign(): void {
    const { frontier, last, keys } = this;
    const [key] = keys;
    if (!last || !key || frontier.size === this.signedSize) return;
    const nowMs = this.nowMs();
    const note = signNote(checkpointText({ origin: key.name, size: frontier.size, root: frontier.root() }), keys);
    this.file.save(parseCheckpoint(formatNote(note)), { frontier, last }, nowMs);
    this.signedSize = frontier.size;
  }

  /** From the last checkpoint, if the store still has its last event: a log never signs two histories. */
  private async resume(): Promise<void> {
    if (this.isResumed) return;
    const sealed = this.file.tree();
    if (sealed) {
      const { frontier, last } = sealed;
      const origin = this.file.latest()?.origin;
      if (origin !== this.keys[0]?.name) throw new SealingRefused(`the checkpoints are of ${origin}, the key is of ${this.keys[0]?.name}`);
      const [stored] = await firstOf(this.store.readAll(frontier.size));
      const isSame =
        stored?.position === frontier.size &&
        stored.stream === last.stream &&
        stored.revision === last.revision &&
        Buffer.compare(stored.hash, last.hash) === 0;
      if (!isSame) throw new SealingRefused(`what was sealed at position ${frontier.size} is not in the store`);
      this.frontier = frontier;
      this.last = last;
      this.signedSize = frontier.size;
    }
    this.isResumed = true;
  }
}

const firstOf = async <Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> => {
  for await (const item of items) return [item];
  return [];
};
