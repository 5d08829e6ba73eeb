import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below 32768, where Linux begins to give ports to outgoing connections: a client that knocks on a stopped server's port would get that very
 * port sooner or later, meet itself, and the server could not come back.
 */
const [lowest, highest] = [29_200, 31_999] as const;

/** A port of 127.0.0.1 on which nobody listens at the moment. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1));
    if (await isFree(port)) return port;
  }
};

export const isFree = async (port: number): Promise<boolean> => {
  const probe = createServer();
  try {
    const listening = once(probe, 'listening');
    probe.listen(port, '127.0.0.1');
    await listening;
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
};
