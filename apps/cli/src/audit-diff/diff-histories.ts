// Two histories, stream by stream: which goes on where the other ends, and where they part.
import type { StoredEvent } from '@kwota/event-store';
import { createHash } from 'node:crypto';

/** `first` and `second` are counts of events. `parts-at`: the first revision at which they differ, with the reason of it that is found first. */
export type StreamDifference = Readonly<{ stream: string; first: number; second: number; partsAt: number | null; position: number | null }>;
export type HistoryDifference = Readonly<{
  streams: number;
  /** Streams that are not the same in both; `partsAt` null: one only goes on where the other ends. */
  differences: readonly StreamDifference[];
  /** The first position at which not the same event lies, though each stream may be the same: the order of all events is part of the tree. */
  orderPartsAt: number | null;
  outcome: 'same' | 'first-goes-on' | 'second-goes-on' | 'different';
}>;

type Known = { prints: Uint8Array[]; positions: number[] };

/** Over all that is stored of an event: an edited one may keep its hash. */
const printOf = ({ hash, type, data }: StoredEvent): Uint8Array => createHash('sha256').update(hash).update(`${type}\n`).update(data).digest();

export const diffHistories = async (first: AsyncIterable<StoredEvent>, second: AsyncIterable<StoredEvent>): Promise<HistoryDifference> => {
  const [one, other] = [await indexOf(first), await indexOf(second)];
  const streams = new Set([...one.streams.keys(), ...other.streams.keys()]);
  const differences = [...streams].flatMap((stream) => differenceOf(stream, one.streams.get(stream), other.streams.get(stream)));
  const shorter = Math.min(one.order.length, other.order.length);
  let same = 0;
  while (same < shorter && Buffer.compare(one.order[same] as Uint8Array, other.order[same] as Uint8Array) === 0) same += 1;
  const orderPartsAt = same < shorter ? same + 1 : null;
  return { streams: streams.size, differences, orderPartsAt, outcome: outcomeOf(differences, orderPartsAt, one.order.length - other.order.length) };
};

const outcomeOf = (differences: readonly StreamDifference[], orderPartsAt: number | null, more: number): HistoryDifference['outcome'] => {
  if (orderPartsAt !== null || differences.some(({ partsAt }) => partsAt !== null)) return 'different';
  if (more === 0) return 'same';
  return more > 0 ? 'first-goes-on' : 'second-goes-on';
};

/** Some 100 bytes an event in memory. */
const indexOf = async (events: AsyncIterable<StoredEvent>): Promise<{ streams: Map<string, Known>; order: Uint8Array[] }> => {
  const streams = new Map<string, Known>();
  const order: Uint8Array[] = [];
  for await (const event of events) {
    const { stream, position } = event;
    const print = printOf(event);
    let known = streams.get(stream);
    if (!known) streams.set(stream, (known = { prints: [], positions: [] }));
    known.prints.push(print);
    known.positions.push(position);
    order.push(print);
  }
  return { streams, order };
};

const differenceOf = (stream: string, first: Known = { prints: [], positions: [] }, second: Known = { prints: [], positions: [] }): readonly StreamDifference[] => {
  const shorter = Math.min(first.prints.length, second.prints.length);
  let same = 0;
  while (same < shorter && Buffer.compare(first.prints[same] as Uint8Array, second.prints[same] as Uint8Array) === 0) same += 1;
  if (same === first.prints.length && same === second.prints.length) return [];
  const parts = same < shorter;
  return [{ stream, first: first.prints.length, second: second.prints.length, partsAt: parts ? same : null, position: parts ? (first.positions[same] ?? null) : null }];
};
