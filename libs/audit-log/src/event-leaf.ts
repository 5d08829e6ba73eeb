import type { StoredEvent } from '@kwota/event-store';
import { hashOfLeaf } from './merkle-tree.js';

/** What a leaf of the tree says: the event with this chain hash lies at this place of all events and of its stream. */
export type EventPlace = Readonly<{ index: number; stream: string; revision: number; hash: Uint8Array }>;

/** The store's position orders all events from 1 without a gap: the place in the tree is one less. */
export const placeOf = ({ position, stream, revision, hash }: StoredEvent): EventPlace => ({ index: position - 1, stream, revision, hash });

/** Five lines of ASCII, each with its line feed (docs/audit-format.md). The chain hash binds the event's bytes and all before them in the stream. */
export const leafOf = ({ index, stream, revision, hash }: EventPlace): Uint8Array =>
  Buffer.from(`kwota-event/1\n${index}\n${stream}\n${revision}\n${Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('hex')}\n`);

export const leafHashOf = (place: EventPlace): Uint8Array => hashOfLeaf(leafOf(place));
