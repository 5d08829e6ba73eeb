import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A callback as it came: its query, by name. */
export type ReceivedCallback = Readonly<Record<string, string>>;

export type CallbackListener = Readonly<{
  url: string;
  received: readonly ReceivedCallback[];
  /** Resolves when `enough` is true of what came; rejects after `timeoutMs` with what came. */
  until(enough: (received: readonly ReceivedCallback[]) => boolean, timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}>;

/** A customer's endpoint on loopback that answers every callback with 200. */
export const listenForCallbacks = async (port = 0): Promise<CallbackListener> => {
  const received: ReceivedCallback[] = [];
  const server = createServer((request, response) => {
    received.push(Object.fromEntries(new URL(request.url ?? '/', 'http://127.0.0.1').searchParams));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/dlr`,
    received,
    until: async (enough, timeoutMs) => {
      const untilMs = performance.now() + timeoutMs;
      while (!enough(received)) {
        if (performance.now() > untilMs) throw new Error(`not enough callbacks within ${timeoutMs} ms: ${JSON.stringify(received.slice(-20))} (${received.length})`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
