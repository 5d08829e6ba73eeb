// The double's side of the protocol: messages in and out, as the client's own generated code has them.
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import statusMessages from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/status_pb.js';
import streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import anyMessages from 'google-protobuf/google/protobuf/any_pb.js';
import emptyMessages from 'google-protobuf/google/protobuf/empty_pb.js';
import type { Expected, ProposedEvent, RecordedEvent } from './event-log.js';

type Uuid = InstanceType<typeof shared.UUID>;
type ProposedMessage = {
  getId(): Uuid | undefined;
  getMetadataMap(): { forEach(visit: (value: string, key: string) => void): void };
  getCustomMetadata_asU8(): Uint8Array;
  getData_asU8(): Uint8Array;
};

export const uuidOf = (id: Uuid | undefined): string => {
  if (!id) return '';
  if (id.hasString()) return id.getString().toLowerCase();
  const halves = id.getStructured()!;
  const half = (bits: string): string => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0');
  const hex = half(halves.getMostSignificantBits()) + half(halves.getLeastSignificantBits());
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

export const nameOf = (identifier: InstanceType<typeof shared.StreamIdentifier> | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');

export const identifierOf = (stream: string): InstanceType<typeof shared.StreamIdentifier> => {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(stream).toString('base64'));
  return identifier;
};

export const proposedOf = (message: ProposedMessage): ProposedEvent => {
  const metadata = new Map<string, string>();
  message.getMetadataMap().forEach((value, key) => metadata.set(key, value));
  return { id: uuidOf(message.getId()), metadata, customMetadata: message.getCustomMetadata_asU8(), data: message.getData_asU8() };
};

type Expectation = { hasNoStream(): boolean; hasAny(): boolean; hasStreamExists(): boolean };
export const expectedOf = (options: Expectation, revision: string): Expected =>
  options.hasNoStream() ? 'no_stream' : options.hasAny() ? 'any' : options.hasStreamExists() ? 'stream_exists' : BigInt(revision);

/** As the server answers a read: of a stream, positions are left out (all bits set); ids are structured unless strings are asked for. */
export const readResponseOf = (event: RecordedEvent, asString: boolean, withPosition: boolean): InstanceType<typeof streams.ReadResp> => {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent();
  const id = new shared.UUID();
  if (asString) id.setString(event.id);
  else {
    const [most, least] = event.id.replaceAll('-', '').match(/.{16}/g)!.map((half) => BigInt.asIntN(64, BigInt(`0x${half}`)).toString());
    const structured = new shared.UUID.Structured();
    structured.setMostSignificantBits(most!);
    structured.setLeastSignificantBits(least!);
    id.setStructured(structured);
  }
  recorded.setId(id);
  recorded.setStreamIdentifier(identifierOf(event.stream));
  recorded.setStreamRevision(event.revision.toString());
  const position = withPosition ? event.position.toString() : (2n ** 64n - 1n).toString();
  recorded.setCommitPosition(position);
  recorded.setPreparePosition(position);
  for (const [key, value] of event.metadata) recorded.getMetadataMap().set(key, value);
  recorded.getMetadataMap().set('created', (BigInt(event.createdMs) * 10_000n).toString());
  recorded.setCustomMetadata(event.customMetadata);
  recorded.setData(event.data);
  const read = new streams.ReadResp.ReadEvent();
  read.setEvent(recorded);
  if (withPosition) read.setCommitPosition(position);
  else read.setNoPosition(new shared.Empty());
  const response = new streams.ReadResp();
  response.setEvent(read);
  return response;
};

export const streamNotFoundOf = (stream: string): InstanceType<typeof streams.ReadResp> => {
  const notFound = new streams.ReadResp.StreamNotFound();
  notFound.setStreamIdentifier(identifierOf(stream));
  const response = new streams.ReadResp();
  response.setStreamNotFound(notFound);
  return response;
};

type Details = { serializeBinary(): Uint8Array };
/** A refusal inside a batch: google.rpc.Status with one of the server's messages packed into it. */
export const statusOf = (name: 'WrongExpectedVersion' | 'StreamDeleted' | 'Timeout', details: Details): InstanceType<typeof statusMessages.Status> => {
  const packed = new anyMessages.Any();
  packed.pack(details.serializeBinary(), `event_store.client.${name}`);
  const answer = new statusMessages.Status();
  answer.setMessage(name);
  answer.setDetails(packed);
  return answer;
};

export const wrongExpectedVersionOf = (actual: bigint, expected: Expected): InstanceType<typeof shared.WrongExpectedVersion> => {
  const wrong = new shared.WrongExpectedVersion();
  if (actual < 0n) wrong.setCurrentNoStream(new emptyMessages.Empty());
  else wrong.setCurrentStreamRevision(actual.toString());
  if (expected === 'no_stream') wrong.setExpectedNoStream(new emptyMessages.Empty());
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new emptyMessages.Empty());
  else if (expected === 'any') wrong.setExpectedAny(new emptyMessages.Empty());
  else wrong.setExpectedStreamPosition(expected.toString());
  return wrong;
};

const failed = (code: status, details: string, trailer: Readonly<Record<string, string>> = {}): Partial<ServiceError> => {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailer)) metadata.set(key, value);
  return { code, details, message: details, metadata };
};

export type Endpoint = Readonly<{ host: string; port: number }>;
export const notLeader = ({ host, port }: Endpoint): Partial<ServiceError> =>
  failed(status.NOT_FOUND, 'Leader info available', { exception: 'not-leader', 'leader-endpoint-host': host, 'leader-endpoint-port': `${port}` });
export const streamDeleted = (stream: string): Partial<ServiceError> =>
  failed(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, { exception: 'stream-deleted', 'stream-name': stream });
export const serverNotReady = (): Partial<ServiceError> => failed(status.UNAVAILABLE, 'Server Is Not Ready');
export const operationTimedOut = (): Partial<ServiceError> => failed(status.ABORTED, 'Operation timed out: commit');
