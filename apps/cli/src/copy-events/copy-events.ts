import { genesisHash, hashOf } from '@kwota/audit-log';
import type { EventStore, StoredEvent, StreamAppend } from '@kwota/event-store';

/** The source is damaged, or the target holds something else. Nothing behind this place was written. */
export class CopyRefused extends Error {
  override readonly name = 'CopyRefused';

  constructor(
    message: string,
    readonly where: Readonly<{ position: number; stream?: string; revision?: number }>,
  ) {
    super(message);
  }
}

/** What is appended is read back after as many events. */
const eventsPerLook = 2_000;

/**
 * Appends the source's events in the order of their positions, so that each gets the same one in the target, and the tree over them the same root.
 * What the target has already must be the first of them. @throws CopyRefused; AppendFailed, after which another call goes on.
 */
export const copyEvents = async (source: AsyncIterable<StoredEvent>, target: EventStore, runsPerAppend: number): Promise<{ before: number; copied: number }> => {
  const events = checked(source)[Symbol.asyncIterator]();
  let before = 0;
  for await (const there of target.readAll()) {
    const { done, value } = await events.next();
    if (done) throw new CopyRefused(`the target has more events than the source: from position ${there.position} on`, { position: there.position });
    if (!isSame(there, value)) throw otherThan(value, 'the target has another event');
    before += 1;
  }
  let copied = 0;
  for (let block = await next(events); block.length > 0; block = await next(events)) {
    for (const batch of inBatches(block, runsPerAppend)) await appendAll(target, batch);
    await expectThere(target, block);
    copied += block.length;
  }
  return { before, copied };
};

/** Positions without a gap, revisions too, and each hash over the one before: a damaged ledger is not handed on. */
async function* checked(source: AsyncIterable<StoredEvent>): AsyncGenerator<StoredEvent> {
  const heads = new Map<string, { revision: number; hash: Uint8Array }>();
  let position = 0;
  for await (const event of source) {
    const { revision, hash } = heads.get(event.stream) ?? { revision: -1, hash: genesisHash };
    position += 1;
    if (event.position !== position) throw new CopyRefused(`the source has no event at position ${position}`, { position });
    if (event.revision !== revision + 1) throw otherThan(event, `the source has no revision ${revision + 1} before`);
    if (Buffer.compare(hashOf(hash, event.data), event.hash) !== 0) throw otherThan(event, 'the hash in the source is not that of its bytes and the event before');
    // A copy: what was read may be a view on a whole page.
    heads.set(event.stream, { revision: event.revision, hash: Uint8Array.from(event.hash) });
    yield event;
  }
}

const next = async (events: AsyncIterator<StoredEvent, undefined>): Promise<readonly StoredEvent[]> => {
  const block: StoredEvent[] = [];
  while (block.length < eventsPerLook) {
    const { done, value } = await events.next();
    if (done) break;
    block.push(value);
  }
  return block;
};

/** Neighbours of one stream are one append: as many appends together as the target keeps in order. */
const inBatches = (block: readonly StoredEvent[], runsPerAppend: number): readonly (readonly StreamAppend[])[] => {
  const runs: { stream: string; expectedRevision: number; events: StoredEvent[] }[] = [];
  for (const event of block) {
    const run = runs.at(-1);
    if (run?.stream === event.stream) run.events.push(event);
    else runs.push({ stream: event.stream, expectedRevision: event.revision - 1, events: [event] });
  }
  return Array.from({ length: Math.ceil(runs.length / runsPerAppend) }, (_, index) => runs.slice(index * runsPerAppend, (index + 1) * runsPerAppend));
};

const appendAll = async (target: EventStore, batch: readonly StreamAppend[]): Promise<void> => {
  const outcomes = await target.append(batch);
  const at = outcomes.findIndex(({ appended }) => !appended);
  if (at >= 0) throw otherThan(batch[at]!.events[0] as StoredEvent, 'somebody else writes to the target');
};

/** Durable under the very positions: nobody else wrote between. */
const expectThere = async (target: EventStore, block: readonly StoredEvent[]): Promise<void> => {
  const there = target.readAll(block[0]!.position)[Symbol.asyncIterator]();
  for (const event of block) {
    const { done, value } = await there.next();
    if (done || !isSame(value, event)) throw otherThan(event, 'somebody else writes to the target');
  }
  await there.return?.();
};

const isSame = (one: StoredEvent, other: StoredEvent): boolean =>
  one.position === other.position &&
  one.stream === other.stream &&
  one.revision === other.revision &&
  one.id === other.id &&
  one.type === other.type &&
  Buffer.compare(one.hash, other.hash) === 0 &&
  Buffer.compare(one.data, other.data) === 0;

const otherThan = ({ position, stream, revision }: StoredEvent, what: string): CopyRefused =>
  new CopyRefused(`${what}: position ${position}, revision ${revision} of ${stream}`, { position, stream, revision });
