// How an event of the port lies in KurrentDB: its stream's name, its id, its bytes. README.md specifies it for whoever reads it without us.
import type { EventToAppend } from '@kwota/event-store';
import { binaryEvent, type EventData, type RecordedEvent } from '@kurrent/kurrentdb-client';
import { createHash } from 'node:crypto';

/** Of RFC 9562's kind, made once for Kwota: equal events of all ledgers have equal ids, others different ones. */
const namespace = Buffer.from('5b0c8f0e6a6f4c0f9d5d7f5a4e1b2c37', 'hex');
/** No JSON text begins with this byte: the client parses metadata that is JSON, and gives other metadata as it is. */
const metadataFormat = 1;
const hashBytes = 32;

/** RFC 9562, version 5. */
export const uuidV5 = (name: Uint8Array): string => {
  const bytes = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

/** The server knows a repeat by ids at their revisions, so all that makes an append the same is in the id: stream, revision, id and hash. */
export const eventIdOf = (stream: string, revision: number, { id, hash }: EventToAppend): string =>
  uuidV5(Buffer.from(JSON.stringify([stream, revision, id, Buffer.from(hash).toString('hex')])));

export const toStored = (stream: string, revision: number, event: EventToAppend): EventData => {
  const metadata = new Uint8Array(Buffer.concat([Buffer.of(metadataFormat), event.hash, Buffer.from(event.id)]));
  // The client takes a Uint8Array for bytes only when it is no Buffer.
  return binaryEvent({ id: eventIdOf(stream, revision, event), type: event.type, data: new Uint8Array(event.data), metadata });
};

/** @throws when it is no event of ours. */
export const fromStored = ({ streamId, revision, type, data, metadata }: RecordedEvent): EventToAppend => {
  if (!(metadata instanceof Uint8Array) || metadata[0] !== metadataFormat || metadata.length < 1 + hashBytes || !(data instanceof Uint8Array))
    throw new Error(`revision ${revision} of ${streamId} was not written by this store`);
  const bytes = Buffer.from(metadata);
  return { id: bytes.toString('utf8', 1 + hashBytes), type, data: new Uint8Array(data), hash: new Uint8Array(bytes.subarray(1, 1 + hashBytes)) };
};

/** Where each kind lies. No prefix is the beginning of another one: a space's name has no dot and no hyphen. */
export class StreamNames {
  readonly eventsPrefix: string;

  constructor(private readonly space: string) {
    if (!/^[a-z_][a-z0-9_]*$/.test(space)) throw new RangeError('a space must be a plain name: letters, digits and _');
    this.eventsPrefix = `kwota.${space}-`;
  }

  events(stream: string): string {
    return this.eventsPrefix + stream;
  }

  /** The port's name of a stream of events. */
  streamOf(name: string): string {
    return name.slice(this.eventsPrefix.length);
  }

  snapshot(stream: string): string {
    return `kwota.${this.space}.snapshot-${stream}`;
  }

  marks(name: string): string {
    return `kwota.${this.space}.marks-${name}`;
  }

  probe(): string {
    return `kwota.${this.space}.probe`;
  }
}
