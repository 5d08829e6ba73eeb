// How a commit lies in its row: one JSON text a topic and partition, end to end, so that a reader parses only what it asked for.
import type { IncomingMessage } from '@kwota/messaging';

/** `chars` is the length of the segment's JSON within the row's `messages`, `last` its last message's place in the commit. */
type Segment = [topic: string, partition: number, last: number, chars: number];
type StoredMessage = [offsetInCommit: number, key: string, value: string | null, headers: Record<string, string>];

export type CommitRow = Readonly<{ first: number; count: number; atMs: number; segments: string; messages: string }>;

/** `messages` have consecutive offsets and one time, that of the commit. */
export const encodeCommit = (messages: readonly IncomingMessage[]): CommitRow => {
  const { offset: first, timestampMs: atMs } = messages[0] as IncomingMessage;
  const bySegment = new Map<string, { topic: string; partition: number; stored: StoredMessage[] }>();
  for (const { topic, partition, offset, key, value, headers } of messages) {
    const name = topic + partition;
    let segment = bySegment.get(name);
    if (!segment) bySegment.set(name, (segment = { topic, partition, stored: [] }));
    segment.stored.push([offset - first, key, value, headers]);
  }
  const segments: Segment[] = [];
  let text = '';
  for (const { topic, partition, stored } of bySegment.values()) {
    const json = JSON.stringify(stored);
    segments.push([topic, partition, (stored[stored.length - 1] as StoredMessage)[0], json.length]);
    text += json;
  }
  return { first, count: messages.length, atMs, segments: JSON.stringify(segments), messages: text };
};

/** What a row's `segments` contain when it has something of the topic, or of one of its partitions. */
export const segmentMark = (topic: string, partition?: number): string =>
  partition === undefined ? `[${JSON.stringify(topic)},` : `[${JSON.stringify(topic)},${partition},`;

/** A row's messages of a topic, or of one of its partitions, in the order of their offsets. */
export const decodeCommit = (row: CommitRow, topic: string, partition?: number): IncomingMessage[] => {
  const found: IncomingMessage[] = [];
  let segmentsFound = 0;
  let at = 0;
  for (const [ofTopic, ofPartition, , chars] of segmentsOf(row)) {
    if (ofTopic === topic && (partition === undefined || ofPartition === partition)) {
      segmentsFound += 1;
      for (const [delta, key, value, headers] of JSON.parse(row.messages.slice(at, at + chars)) as StoredMessage[])
        found.push({ topic, partition: ofPartition, key, value, headers, offset: row.first + delta, timestampMs: row.atMs });
    }
    at += chars;
  }
  return segmentsFound > 1 ? found.sort((a, b) => a.offset - b.offset) : found;
};

export const segmentsOf = ({ segments }: Pick<CommitRow, 'segments'>): readonly Segment[] => JSON.parse(segments) as Segment[];
