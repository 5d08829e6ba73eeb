// A way to the server that fails as networks and processes do: in the middle of a message, or between a commit and its answer.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export type ConnectionProxy = Readonly<{
  /** The same database through the proxy. */
  url: string;
  /** From now on the server's next answer reaches nobody, and the connection breaks. */
  answerNothing(): void;
  answerAgain(): void;
  /** From now on each statement stays without its last message, and the server waits for it: in the transaction, if there is one. */
  breakOff(): void;
  close(): void;
}>;

/** Sync of the extended protocol. */
const lastMessage = Buffer.from([0x53, 0, 0, 0, 4]);

export const openProxy = async (database: string): Promise<ConnectionProxy> => {
  const { hostname, port } = new URL(database);
  const sockets = new Set<Socket>();
  let deaf = false;
  let breakingOff = false;
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => [client, server].forEach((each) => each.destroy()));
    }
    client.on('data', (data) => server.write(breakingOff ? withoutLastMessage(data) : data));
    server.on('data', (data) => (deaf ? client.destroy() : client.write(data)));
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const own = { hostname: '127.0.0.1', port: String((proxy.address() as AddressInfo).port) };
  return {
    url: Object.assign(new URL(database), own).href,
    answerNothing: () => void (deaf = true),
    answerAgain: () => void (deaf = false),
    breakOff: () => void (breakingOff = true),
    close: () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
};

const withoutLastMessage = (data: Buffer): Buffer => (data.subarray(-lastMessage.length).equals(lastMessage) ? data.subarray(0, -lastMessage.length) : data);
