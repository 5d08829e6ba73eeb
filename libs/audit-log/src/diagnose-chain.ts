// One stream after somebody may have been at it: where verifyChain stops at the first fault, this goes on and says what was done.
import type { StoredEvent } from '@kwota/event-store';
import { decodeEvent, NotAnEvent, streamOfAccount, type EventEnvelope } from './event-envelope.js';
import { genesisHash, hashOf } from './hash-chain.js';

/**
 * `edited` bytes, hash or type were changed here, or the event just before was changed and its hash made new · `dropped` revisions up to `upTo`
 * are missing · `doubled` a revision is there again · `swapped` this one and `upTo` changed places · `renumbered` from here on each event says that it
 * is a later one: some were dropped and the rest counted anew · `wrong-place` it belongs to another stream or revision · `not-an-event` bytes in no
 * known form · `time-back` it is older than the one before.
 */
export type ChainFinding = Readonly<{
  reason: 'edited' | 'dropped' | 'doubled' | 'swapped' | 'renumbered' | 'wrong-place' | 'not-an-event' | 'time-back';
  stream: string;
  revision: number;
  /** Where it lies; of the event after a missing one. */
  position: number;
  upTo?: number;
}>;

/** `position` is where it showed. */
type Gap = Readonly<{ from: number; to: number; position: number }>;
type Misplaced = Readonly<{ revision: number; claims: number; position: number }>;

export class ChainDiagnosis {
  readonly findings: ChainFinding[] = [];
  private next = 0;
  private time = '';
  /** What the next event may be chained to: the hash as stored and, after an edited event, the one that its bytes give. */
  private links: readonly [Uint8Array, ...Uint8Array[]] = [genesisHash];
  private hash: Uint8Array = genesisHash;
  private isForeign = false;
  /** Revisions that were passed over, as ranges: a forged revision may be any number. */
  private readonly missing: Gap[] = [];
  private readonly misplaced: Misplaced[] = [];
  private readonly hashByClaim = new Map<number, Uint8Array>();

  constructor(private readonly stream: string) {}

  get isSound(): boolean {
    return this.findings.length === 0 && this.missing.length === 0 && this.misplaced.length === 0;
  }

  get head(): Readonly<{ revision: number; hash: Uint8Array }> {
    return { revision: this.next - 1, hash: this.hash };
  }

  /** The event as it reads, where its bytes can be read. */
  take(event: StoredEvent): EventEnvelope | undefined {
    const envelope = envelopeOf(event.data);
    if (event.revision === this.next) this.follow(event, envelope);
    else if (event.revision > this.next) this.jump(event);
    else if (this.fill(event.revision)) this.find('swapped', event, this.next - 1);
    else this.find('doubled', event);
    return envelope;
  }

  /** When the stream is at its end: what only shows by several events together. */
  finish(): readonly ChainFinding[] {
    for (const { from, to, position } of this.missing) this.find('dropped', { revision: from, position }, to);
    this.explainMisplaced();
    return this.findings;
  }

  private follow(event: StoredEvent, envelope: EventEnvelope | undefined): void {
    const [link, ...others] = this.links;
    const computed = hashOf(link, event.data);
    const isChained =
      isSame(computed, event.hash) ||
      [...others, this.hashByClaim.get(event.revision - 1)].some((other) => other && isSame(hashOf(other, event.data), event.hash));
    this.goOn(event, isChained ? [event.hash] : [event.hash, computed]);
    if (!envelope) this.find('not-an-event', event);
    else if (streamOfAccount(envelope.account) !== event.stream) this.findForeign(event);
    else if (envelope.revision !== event.revision) this.misplace(event, envelope.revision);
    else if (!isChained || envelope.type !== event.type) this.find('edited', event);
    else if (envelope.time < this.time) this.find('time-back', event);
    if (envelope && envelope.time > this.time) this.time = envelope.time;
  }

  /** What comes after a gap is chained to what is missing: its own hash is taken as it is. */
  private jump(event: StoredEvent): void {
    this.missing.push({ from: this.next, to: event.revision - 1, position: event.position });
    this.goOn(event, [event.hash]);
  }

  private goOn({ revision, hash }: StoredEvent, links: readonly [Uint8Array, ...Uint8Array[]]): void {
    this.next = revision + 1;
    this.hash = hash;
    this.links = links;
  }

  private misplace({ revision, position, hash }: StoredEvent, claims: number): void {
    this.misplaced.push({ revision, claims, position });
    this.hashByClaim.set(claims, hash);
  }

  /** A missing revision came after all. */
  private fill(revision: number): boolean {
    const at = this.missing.findIndex(({ from, to }) => from <= revision && revision <= to);
    const gap = this.missing[at];
    if (!gap) return false;
    const rest = [
      { ...gap, to: revision - 1 },
      { ...gap, from: revision + 1 },
    ].filter(({ from, to }) => from <= to);
    this.missing.splice(at, 1, ...rest);
    return true;
  }

  private explainMisplaced(): void {
    const left = new Map(this.misplaced.map((one) => [one.revision, one]));
    for (const one of this.misplaced) {
      if (!left.delete(one.revision)) continue;
      const other = left.get(one.claims);
      if (other?.claims === one.revision) {
        left.delete(other.revision);
        this.find('swapped', one, other.revision);
        continue;
      }
      const shift = one.claims - one.revision;
      let last = one.revision;
      while (shift > 0 && left.get(last + 1)?.claims === last + 1 + shift) left.delete((last += 1));
      if (shift > 0) this.find('renumbered', one, last);
      else this.find('wrong-place', one);
    }
  }

  private findForeign(event: StoredEvent): void {
    if (!this.isForeign) this.find('wrong-place', event);
    this.isForeign = true;
  }

  private find(reason: ChainFinding['reason'], { revision, position }: Pick<StoredEvent, 'revision' | 'position'>, upTo?: number): void {
    this.findings.push({ reason, stream: this.stream, revision, position, ...(upTo === undefined ? {} : { upTo }) });
  }
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;

const envelopeOf = (data: Uint8Array): EventEnvelope | undefined => {
  try {
    return decodeEvent(data);
  } catch (error) {
    if (error instanceof NotAnEvent) return undefined;
    throw error;
  }
};
