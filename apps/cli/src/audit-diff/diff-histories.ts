// Two histories, stream by stream: which goes on where the other ends, and where they part.
import { HashList } from '@kwota/audit-log/hash-list';
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

type Known = { prints: HashList; positions: number[] };

const nothing = (): Known => ({ prints: new HashList(), positions: [] });

const commonLength = (one: HashList, other: HashList): number => {
  const shorter = Math.min(one.length, other.length);
  let same = 0;
  while (same < shorter && Buffer.compare(one.at(same), other.at(same)) === 0) same += 1;
  return same;
};

/** Over all that is stored of an event: an edited one may keep its hash. */
const printOf = ({ hash, type, data }: StoredEvent): Uint8Array => createHash('sha256').update(hash).update(`${type}\n`).update(data).digest();

export const diffHistories = async (first: AsyncIterable<StoredEvent>, second: AsyncIterable<StoredEvent>): Promise<HistoryDifference> => {
  const [one, other] = [await indexOf(first), await indexOf(second)];
  const streams = new Set([...one.streams.keys(), ...other.streams.keys()]);
  const differences = [...streams].flatMap((stream) => differenceOf(stream, one.streams.get(stream), other.streams.get(stream)));
  const same = commonLength(one.order, other.order);
  const orderPartsAt = same < Math.min(one.order.length, other.order.length) ? same + 1 : null;
  return { streams: streams.size, differences, orderPartsAt, outcome: outcomeOf(differences, orderPartsAt, one.order.length - other.order.length) };
};

const outcomeOf = (differences: readonly StreamDifference[], orderPartsAt: number | null, more: number): HistoryDifference['outcome'] => {
  if (orderPartsAt !== null || differences.some(({ partsAt }) => partsAt !== null)) return 'different';
  if (more === 0) return 'same';
  return more > 0 ? 'first-goes-on' : 'second-goes-on';
};

/** Some 80 bytes an event in memory. */
const indexOf = async (events: AsyncIterable<StoredEvent>): Promise<{ streams: Map<string, Known>; order: HashList }> => {
  const streams = new Map<string, Known>();
  const order = new HashList();
  for await (const event of events) {
    const { stream, position } = event;
    const print = printOf(event);
    let known = streams.get(stream);
    if (!known) streams.set(stream, (known = nothing()));
    known.prints.push(print);
    known.positions.push(position);
    order.push(print);
  }
  return { streams, order };
};

const differenceOf = (stream: string, first: Known = nothing(), second: Known = nothing()): readonly StreamDifference[] => {
  const same = commonLength(first.prints, second.prints);
  if (same === first.prints.length && same === second.prints.length) return [];
  const parts = same < Math.min(first.prints.length, second.prints.length);
  return [
    {
      stream,
      first: first.prints.length,
      second: second.prints.length,
      partsAt: parts ? same : null,
      position: parts ? (first.positions[same] ?? null) : null,
    },
  ];
};
