// A KurrentDB of our own for tests: the client's protocol over real gRPC and TCP, the server's rules over a log in memory.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import features from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_pb.js';
import featuresService from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_grpc_pb.js';
import streamsService from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import { createServer, connect, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { AppendCalls } from './append-calls.js';
import { EventLog } from './event-log.js';
import { Faults } from './faults.js';
import type { Endpoint } from './protocol.js';
import { ReadCalls } from './read-calls.js';

export { EventLog } from './event-log.js';
export { Faults, type AppendFault } from './faults.js';

export type KurrentDoubleOptions = Readonly<{
  /** Nodes of one cluster share it; a new one by default. */
  log?: EventLog;
  /** false: as servers before 21.10, which know only one append a call. */
  hasBatchAppend?: boolean;
}>;

/** One node. `url` is what a client connects to: a TCP relay before the gRPC server, so that connections can be cut. */
export class KurrentDouble {
  readonly faults = new Faults();
  /** Another node, when this one is a follower: whoever needs the leader is told where it is. */
  leader: Endpoint | undefined;
  /** Events have up to 16 MiB on the server, and some bytes around them. */
  private readonly server = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
  private relay: TcpServer | undefined;
  private serverPort = 0;
  private readonly sockets = new Set<Socket>();
  private relayPort = 0;

  private constructor(readonly log: EventLog) {}

  static async start({ log = new EventLog(), hasBatchAppend = true }: KurrentDoubleOptions = {}): Promise<KurrentDouble> {
    const double = new KurrentDouble(log);
    await double.serve(hasBatchAppend);
    return double;
  }

  get url(): string {
    return `kurrentdb://127.0.0.1:${this.relayPort}?tls=false&discoveryInterval=10`;
  }

  get endpoint(): Endpoint {
    return { host: '127.0.0.1', port: this.relayPort };
  }

  dropConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** As a server whose process has ended: connections are refused until `comeBack`. The log stays. */
  async goAway(): Promise<void> {
    const closed = new Promise((resolve) => this.relay?.close(resolve));
    this.dropConnections();
    await closed;
  }

  comeBack(): Promise<void> {
    return this.listen(this.relayPort);
  }

  async stop(): Promise<void> {
    await this.goAway();
    this.server.forceShutdown();
  }

  private async serve(hasBatchAppend: boolean): Promise<void> {
    const dropConnections = (): void => this.dropConnections();
    const node = { log: this.log, faults: this.faults, leader: () => this.leader, dropConnections };
    const appends = new AppendCalls(node);
    const reads = new ReadCalls(node);
    this.server.addService(streamsService.StreamsService, {
      read: reads.read,
      append: appends.append,
      ...(hasBatchAppend ? { batchAppend: appends.batchAppend } : {}),
    });
    this.server.addService(featuresService.ServerFeaturesService, {
      getSupportedMethods: (_: unknown, answer: (error: null, supported: InstanceType<typeof features.SupportedMethods>) => void) => {
        if (!this.faults.isSilent) answer(null, supportedMethods(hasBatchAppend));
      },
    });
    this.serverPort = await new Promise<number>((resolve, reject) =>
      this.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port))),
    );
    await this.listen(0);
  }

  private async listen(port: number): Promise<void> {
    const relay = createServer((near) => {
      const far = connect(this.serverPort, '127.0.0.1');
      for (const [one, other] of [[near, far], [far, near]] as const) {
        this.sockets.add(one);
        one.setNoDelay(true);
        one.on('error', () => undefined);
        one.on('close', () => {
          this.sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    this.relay = relay;
    await new Promise<void>((resolve) => relay.listen(port, '127.0.0.1', resolve));
    this.relayPort = (relay.address() as AddressInfo).port;
  }
}

const supportedMethods = (hasBatchAppend: boolean): InstanceType<typeof features.SupportedMethods> => {
  const supported = new features.SupportedMethods();
  supported.setEventStoreServerVersion(hasBatchAppend ? '25.1.0' : '21.6.0');
  for (const name of ['read', 'append', ...(hasBatchAppend ? ['batchappend'] : [])]) {
    const method = new features.SupportedMethod();
    method.setServiceName('event_store.client.streams.streams');
    method.setMethodName(name);
    supported.addMethods(method);
  }
  return supported;
};
