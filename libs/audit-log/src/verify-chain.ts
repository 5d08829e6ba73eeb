import type { StoredEvent } from '@kwota/event-store';
import { decodeEvent, NotAnEvent, streamOfAccount, type EventEnvelope } from './event-envelope.js';
import { genesisHash, hashOf } from './hash-chain.js';

/** The last event of a stream: compare it with a signed checkpoint or an older export, as a chain alone does not show a missing end. */
export type ChainHead = Readonly<{ stream: string; revision: number; hash: Uint8Array }>;

export type ChainFault = Readonly<{
  stream: string;
  revision: number;
  position: number;
  /**
   * In this order: `revision-gap` an event is missing, twice there or out of order; `hash-mismatch` bytes or hash were changed here or just
   * before; `not-an-event` bytes in no known form; `wrong-place` the event says that it belongs to another stream or revision;
   * `time-back` it is older than the one before.
   */
  reason: 'revision-gap' | 'hash-mismatch' | 'not-an-event' | 'wrong-place' | 'time-back';
}>;

export type ChainVerdict =
  | Readonly<{ ok: true; events: number; heads: readonly ChainHead[] }>
  | Readonly<{ ok: false; events: number; fault: ChainFault }>;

/** Of the last right event of a stream. */
type Link = { revision: number; hash: Uint8Array; time: string; envelope: EventEnvelope | undefined };

/** Sees each event that was right, read; false ends the reading. */
export type ChainVisitor = (event: StoredEvent, envelope: EventEnvelope) => boolean;

/** Checks whole streams, in whatever order they lie among each other, and tells the first fault; `events` counts those that were right. */
export const verifyChain = async (events: AsyncIterable<StoredEvent>, visit: ChainVisitor = () => true): Promise<ChainVerdict> => {
  const links = new Map<string, Link>();
  let count = 0;
  for await (const event of events) {
    const { stream, revision, position } = event;
    let link = links.get(stream);
    if (!link) links.set(stream, (link = { revision: -1, hash: genesisHash, time: '', envelope: undefined }));
    const reason = follow(link, event);
    if (reason) return { ok: false, events: count, fault: { stream, revision, position, reason } };
    count += 1;
    if (link.envelope && !visit(event, link.envelope)) break;
  }
  return { ok: true, events: count, heads: Array.from(links, ([stream, { revision, hash }]) => ({ stream, revision, hash })) };
};

/** Moves the link to this event, or tells why it cannot be the next. */
const follow = (link: Link, event: StoredEvent): ChainFault['reason'] | undefined => {
  if (event.revision !== link.revision + 1) return 'revision-gap';
  const hash = hashOf(link.hash, event.data);
  if (Buffer.compare(hash, event.hash) !== 0) return 'hash-mismatch';
  const envelope = envelopeOf(event.data);
  if (!envelope) return 'not-an-event';
  // The type also lies beside the bytes, where the hash does not reach.
  const isInPlace =
    envelope.revision === event.revision && streamOfAccount(envelope.account) === event.stream && envelope.type === event.type;
  if (!isInPlace) return 'wrong-place';
  // ISO instants in UTC of one length sort as text.
  if (envelope.time < link.time) return 'time-back';
  link.revision = event.revision;
  link.hash = hash;
  link.time = envelope.time;
  link.envelope = envelope;
  return undefined;
};

const envelopeOf = (data: Uint8Array): EventEnvelope | undefined => {
  try {
    return decodeEvent(data);
  } catch (error) {
    if (error instanceof NotAnEvent) return undefined;
    throw error;
  }
};
