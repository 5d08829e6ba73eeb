import type { ServerWritableStream } from '@grpc/grpc-js';
import streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type { Node } from './append-calls.js';
import { pause } from './faults.js';
import { nameOf, notLeader, readResponseOf, streamDeleted, streamNotFoundOf } from './protocol.js';

type Request = InstanceType<typeof streams.ReadReq>;
type Options = InstanceType<typeof streams.ReadReq.Options>;
type Call = ServerWritableStream<Request, InstanceType<typeof streams.ReadResp>>;

/** Reads of a stream and of $all, forwards and backwards, up to a count; subscriptions are not there. */
export class ReadCalls {
  constructor(private readonly node: Node) {}

  readonly read = async (call: Call): Promise<void> => {
    const options = call.request.getOptions()!;
    if (this.node.faults.isSilent) return;
    await pause(this.node.faults.delayOfReadMs);
    const leader = this.node.leader();
    if (leader && call.metadata.get('requires-leader')[0] === 'true') {
      call.emit('error', notLeader(leader));
      return;
    }
    if (options.hasAll()) await this.readAll(call, options);
    else await this.readStream(call, options);
  };

  private async readStream(call: Call, options: Options): Promise<void> {
    const stream = options.getStream()!;
    const name = nameOf(stream.getStreamIdentifier());
    const from = stream.hasStart() ? 'start' : stream.hasEnd() ? 'end' : BigInt(stream.getRevision());
    const direction = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.FORWARDS ? 'forwards' : 'backwards';
    const events = this.node.log.readStream(name, from, direction, countOf(options));
    if (events === 'deleted') {
      call.emit('error', streamDeleted(name));
      return;
    }
    if (events === undefined) call.write(streamNotFoundOf(name));
    for (const event of events ?? []) await written(call, readResponseOf(event, wantsStrings(options), false));
    call.end();
  }

  private async readAll(call: Call, options: Options): Promise<void> {
    const all = options.getAll()!;
    const from = all.hasPosition() ? BigInt(all.getPosition()!.getCommitPosition()) : 0n;
    const prefixes = options.getFilter()?.getStreamIdentifier()?.getPrefixList() ?? [''];
    const isWanted = (stream: string): boolean => prefixes.some((prefix) => stream.startsWith(prefix));
    for (const event of this.node.log.readAll(from, isWanted, countOf(options))) await written(call, readResponseOf(event, wantsStrings(options), true));
    call.end();
  }
}

const countOf = (options: Options): number => Number(options.getCount());
const wantsStrings = (options: Options): boolean => options.getUuidOption()?.hasString() ?? false;
const written = async (call: Call, response: InstanceType<typeof streams.ReadResp>): Promise<void> => {
  if (call.cancelled) return;
  if (call.write(response)) return;
  await new Promise<void>((resolve) => {
    const goOn = (): void => {
      call.off('drain', goOn).off('cancelled', goOn);
      resolve();
    };
    call.on('drain', goOn).on('cancelled', goOn);
  });
};
