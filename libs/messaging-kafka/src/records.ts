// Between the port's messages and Kafka's records.
import type { IncomingMessage, OutgoingMessage } from '@kwota/messaging';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { OutgoingRecord } from './gathering-producer.js';

/** A record's frame, and a header's: lengths, offsets and times, at most. */
const recordFrameBytes = 32;
const headerFrameBytes = 10;

export const recordOf = ({ key, value, headers }: OutgoingMessage, topic: string, partition: number): OutgoingRecord => {
  let bytes = recordFrameBytes + Buffer.byteLength(key) + (value === null ? 0 : Buffer.byteLength(value));
  for (const [name, text] of Object.entries(headers)) bytes += headerFrameBytes + Buffer.byteLength(name) + Buffer.byteLength(text);
  return { topic, partition, message: { key, value, headers: { ...headers }, partition }, bytes };
};

export const messageOf = ({ key, value, headers, offset, timestamp }: KafkaMessage, topic: string, partition: number): IncomingMessage => ({
  topic,
  key: key?.toString() ?? '',
  value: value?.toString() ?? null,
  headers: headersOf(headers),
  partition,
  offset: Number(offset),
  timestampMs: Number(timestamp),
});

/** What it takes in memory, about: to bound what waits for a handler. */
export const bytesOf = ({ key, value }: KafkaMessage): number => (key?.length ?? 0) + (value?.length ?? 0) + recordFrameBytes;

const headersOf = (headers: IHeaders | undefined): Record<string, string> => {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) texts[name] = last.toString();
  }
  return texts;
};
