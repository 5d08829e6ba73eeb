import type { Metadata, sendUnaryData, ServerDuplexStream, ServerReadableStream } from '@grpc/grpc-js';
import shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type { AppendAnswer, EventLog, Expected, ProposedEvent } from './event-log.js';
import { pause, type AppendFault, type Faults } from './faults.js';
import {
  expectedOf,
  identifierOf,
  nameOf,
  notLeader,
  operationTimedOut,
  proposedOf,
  serverNotReady,
  statusOf,
  streamDeleted,
  uuidOf,
  wrongExpectedVersionOf,
  type Endpoint,
} from './protocol.js';

export type Node = Readonly<{ log: EventLog; faults: Faults; leader: () => Endpoint | undefined; dropConnections: () => void }>;

type Batched = InstanceType<typeof streams.BatchAppendReq>;
type BatchCall = ServerDuplexStream<Batched, InstanceType<typeof streams.BatchAppendResp>>;
type SingleCall = ServerReadableStream<InstanceType<typeof streams.AppendReq>, InstanceType<typeof streams.AppendResp>>;
type Write = { stream: string; expected: Expected; events: ProposedEvent[] };
/** `silence`: nobody is answered. */
type Result = AppendAnswer | Readonly<{ kind: 'silence' | 'timed out' | 'server not ready' }>;

/** Appends, one to a call or many in a duplex call; one writer for all, as the server has. */
export class AppendCalls {
  private indexing: Promise<void> = Promise.resolve();

  constructor(private readonly node: Node) {}

  /** Many appends in one call, told apart by their correlation ids; events of one may come in several messages, the last of which is final. */
  readonly batchAppend = (call: BatchCall): void => {
    const pending = new Map<string, Write>();
    call.on('data', (request: Batched) => {
      const leader = this.leaderInstead(call.metadata);
      // It ends the whole call, and with it all others that wait in it.
      if (leader) return void call.emit('error', notLeader(leader));
      const correlationId = uuidOf(request.getCorrelationId());
      const options = request.getOptions();
      if (options) pending.set(correlationId, { stream: nameOf(options.getStreamIdentifier()), expected: expectedOf(options, options.getStreamPosition()), events: [] });
      const write = pending.get(correlationId);
      if (!write) return;
      write.events.push(...request.getProposedMessagesList().map(proposedOf));
      if (!request.getIsFinal()) return;
      pending.delete(correlationId);
      void this.perform(write).then((result) => {
        if (result.kind === 'silence' || result.kind === 'not ready' || call.cancelled) return;
        if (result.kind === 'server not ready') return void call.emit('error', serverNotReady());
        const response = batchedAnswerOf(write, result);
        response.setCorrelationId(request.getCorrelationId());
        response.setStreamIdentifier(identifierOf(write.stream));
        call.write(response);
      });
    });
    call.on('end', () => call.end());
    call.on('error', () => undefined);
  };

  /** One append in a call of its own. */
  readonly append = (call: SingleCall, answer: sendUnaryData<InstanceType<typeof streams.AppendResp>>): void => {
    let write: Write | undefined;
    call.on('data', (request: InstanceType<typeof streams.AppendReq>) => {
      const options = request.getOptions();
      if (options) write = { stream: nameOf(options.getStreamIdentifier()), expected: expectedOf(options, options.getRevision()), events: [] };
      else write!.events.push(proposedOf(request.getProposedMessage()!));
    });
    call.on('end', () => {
      const leader = this.leaderInstead(call.metadata);
      if (leader) return answer(notLeader(leader));
      void this.perform(write!).then((result) => {
        if (result.kind === 'appended' || result.kind === 'wrong expected version') answer(null, singleAnswerOf(write!, result));
        else if (result.kind === 'server not ready') answer(serverNotReady());
        else if (result.kind === 'timed out') answer(operationTimedOut());
        else if (result.kind === 'deleted') answer(streamDeleted(write!.stream));
      });
    });
  };

  private leaderInstead(metadata: Metadata): Endpoint | undefined {
    return metadata.get('requires-leader')[0] === 'true' ? this.node.leader() : undefined;
  }

  private async perform({ stream, expected, events }: Write): Promise<Result> {
    const { faults, log } = this.node;
    if (faults.isSilent) return { kind: 'silence' };
    if (faults.isFull) return { kind: 'server not ready' };
    const fault = faults.take(stream);
    await pause(faults.delayBeforeWriteMs(stream));
    const instead = fault && this.before(fault);
    if (instead) return instead;
    const answer = log.append(stream, expected, events);
    if (fault === 'truncate after the write') {
      log.truncateTail(stream);
      this.node.dropConnections();
      return { kind: 'silence' };
    }
    if (answer.kind === 'appended') await this.indexed(stream, answer.lastPosition);
    return (fault && this.after(fault)) ?? answer;
  }

  private before(fault: AppendFault): Result | undefined {
    if (fault === 'not ready') return { kind: 'server not ready' };
    if (fault === 'time out before the write') return { kind: 'timed out' };
    if (fault === 'no answer, nothing written') return { kind: 'silence' };
    if (fault !== 'drop the connection before the write') return undefined;
    this.node.dropConnections();
    return { kind: 'silence' };
  }

  private after(fault: AppendFault): Result | undefined {
    if (fault === 'time out after the write') return { kind: 'timed out' };
    if (fault === 'drop the connection after the write') this.node.dropConnections();
    return { kind: 'silence' };
  }

  /** In the log's order, whatever each takes: nothing is seen before what lies below it. */
  private indexed(stream: string, position: bigint): Promise<void> {
    const delayMs = this.node.faults.delayOfIndexMs(stream);
    return (this.indexing = this.indexing.then(async () => {
      await pause(delayMs);
      this.node.log.index(position);
    }));
  }
}

type Answer = Exclude<Result, { kind: 'silence' | 'not ready' | 'server not ready' }>;
const batchedAnswerOf = ({ stream, expected }: Write, result: Answer): InstanceType<typeof streams.BatchAppendResp> => {
  const response = new streams.BatchAppendResp();
  if (result.kind === 'appended') {
    const success = new streams.BatchAppendResp.Success();
    success.setCurrentRevision(result.lastRevision.toString());
    const position = new shared.AllStreamPosition();
    position.setCommitPosition(result.lastPosition.toString());
    position.setPreparePosition(result.lastPosition.toString());
    success.setPosition(position);
    response.setSuccess(success);
  } else if (result.kind === 'wrong expected version') response.setError(statusOf('WrongExpectedVersion', wrongExpectedVersionOf(result.actual, expected)));
  else if (result.kind === 'deleted') {
    const deleted = new shared.StreamDeleted();
    deleted.setStreamIdentifier(identifierOf(stream));
    response.setError(statusOf('StreamDeleted', deleted));
  } else response.setError(statusOf('Timeout', new shared.Timeout()));
  return response;
};

const singleAnswerOf = ({ expected }: Write, result: Extract<AppendAnswer, { kind: 'appended' | 'wrong expected version' }>): InstanceType<typeof streams.AppendResp> => {
  const response = new streams.AppendResp();
  if (result.kind === 'appended') {
    const success = new streams.AppendResp.Success();
    success.setCurrentRevision(result.lastRevision.toString());
    const position = new streams.AppendResp.Position();
    position.setCommitPosition(result.lastPosition.toString());
    position.setPreparePosition(result.lastPosition.toString());
    success.setPosition(position);
    response.setSuccess(success);
    return response;
  }
  const wrong = new streams.AppendResp.WrongExpectedVersion();
  if (result.actual < 0n) wrong.setCurrentNoStream(new shared.Empty());
  else wrong.setCurrentRevision(result.actual.toString());
  if (expected === 'no_stream') wrong.setExpectedNoStream(new shared.Empty());
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new shared.Empty());
  else if (expected === 'any') wrong.setExpectedAny(new shared.Empty());
  else wrong.setExpectedRevision(expected.toString());
  response.setWrongExpectedVersion(wrong);
  return response;
};
