// `kwota audit verify`: everything that a history can be held against, in one pass over its events.
import type { StoredEvent } from '@kwota/event-store';
import type { Checkpoint } from './checkpoint.js';
import { ChainDiagnosis, type ChainFinding } from './diagnose-chain.js';
import { leafHashOf, placeOf } from './event-leaf.js';
import { LedgerFold, type AccountBalance, type MoneyFault } from './ledger-fold.js';
import { MerkleFrontier } from './merkle-tree.js';
import { streamOfAccount } from './event-envelope.js';

/**
 * What was found, and where; null where it does not apply. Beside the chain's and the money's own: `position-gap` positions up to `upTo` are missing
 * from the order of all events · `transfer-without-origin` credit came in that no account sent · `tail-dropped` a checkpoint is of `upTo` events, and
 * the last ones are gone · `rewritten` the events up to a checkpoint's size are not those that it was signed for.
 */
export type HistoryFinding = Readonly<{
  reason: ChainFinding['reason'] | MoneyFault | 'position-gap' | 'transfer-without-origin' | 'tail-dropped' | 'rewritten';
  stream: string | null;
  revision: number | null;
  position: number | null;
  upTo?: number;
}>;

export type History = Readonly<{
  events: number;
  /** Of all events in their order: what a checkpoint of this size would hold. */
  size: number;
  root: Uint8Array;
  heads: readonly Readonly<{ stream: string; revision: number; hash: Uint8Array }>[];
  /** Up to its first fault where a stream has one. */
  accounts: readonly AccountBalance[];
  findings: readonly HistoryFinding[];
}>;

type Stream = { readonly chain: ChainDiagnosis; addsUp: boolean };

/** Reads all events once. Checkpoints are taken as they are: whether their signatures are right is looked at before. */
export const verifyHistory = async (events: AsyncIterable<StoredEvent>, checkpoints: readonly Pick<Checkpoint, 'size' | 'root'>[] = []): Promise<History> => {
  const reading = new Reading(checkpoints);
  for await (const event of events) reading.take(event);
  return reading.finish();
};

class Reading {
  private readonly streams = new Map<string, Stream>();
  private readonly tree = MerkleFrontier.empty();
  private readonly fold = new LedgerFold();
  private readonly findings: HistoryFinding[] = [];
  private readonly waiting: Pick<Checkpoint, 'size' | 'root'>[];
  private events = 0;
  private position = 0;
  /** Of the largest checkpoint that matched. */
  private sealedUpTo = 0;

  constructor(checkpoints: readonly Pick<Checkpoint, 'size' | 'root'>[]) {
    this.waiting = checkpoints.toSorted((a, b) => b.size - a.size);
    this.compareCheckpoints();
  }

  take(event: StoredEvent): void {
    const { stream, revision, position } = event;
    if (position !== this.position + 1)
      this.find({ reason: 'position-gap', stream: null, revision: null, position: this.position + 1, upTo: Math.max(position - 1, this.position + 1) });
    this.position = position;
    this.events += 1;
    this.tree.add(leafHashOf(placeOf(event)));
    this.compareCheckpoints();
    let known = this.streams.get(stream);
    if (!known) this.streams.set(stream, (known = { chain: new ChainDiagnosis(stream), addsUp: true }));
    const envelope = known.chain.take(event);
    if (!envelope || !known.addsUp || !known.chain.isSound) {
      known.addsUp = false;
      return;
    }
    const reason = this.fold.take(envelope);
    if (!reason) return;
    known.addsUp = false;
    this.find({ reason, stream, revision, position });
  }

  finish(): History {
    for (const { size } of this.waiting.toReversed())
      this.find({
        reason: this.position < size ? 'tail-dropped' : 'rewritten',
        stream: null,
        revision: null,
        position: this.position < size ? this.position + 1 : this.sealedUpTo + 1,
        upTo: size,
      });
    const chains = [...this.streams].map(([stream, { chain }]) => ({ stream, chain }));
    const broken = chains.flatMap(({ chain }) => chain.finish());
    // Where a stream is broken, what it sent is not known.
    const isWhole = [...this.streams.values()].every(({ addsUp }) => addsUp);
    for (const { account } of isWhole ? this.fold.lostTransfers() : [])
      this.find({ reason: 'transfer-without-origin', stream: streamOfAccount(account), revision: null, position: null });
    return {
      events: this.events,
      size: this.tree.size,
      root: this.tree.root(),
      heads: chains.map(({ stream, chain }) => ({ stream, ...chain.head })),
      accounts: this.fold.balances(),
      findings: [...broken, ...this.findings].toSorted((a, b) => (a.position ?? Infinity) - (b.position ?? Infinity)),
    };
  }

  private compareCheckpoints(): void {
    for (let next = this.waiting.at(-1); next?.size === this.position; next = this.waiting.at(-1)) {
      this.waiting.pop();
      if (Buffer.compare(this.tree.root(), next.root) === 0) this.sealedUpTo = next.size;
      else this.find({ reason: 'rewritten', stream: null, revision: null, position: this.sealedUpTo + 1, upTo: next.size });
    }
  }

  private find(finding: HistoryFinding): void {
    this.findings.push(finding);
  }
}
