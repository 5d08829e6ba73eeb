// An SMSC over real SMPP 3.4: it takes submit_sm and sends receipts, and its receivers decide the result. No SMS leaves.
import type { AddressInfo } from 'node:net';
import smpp from 'smpp';
import { SimulatedSmsc, type MessageFromPhone, type SmscSimulatorOptions } from './simulated-smsc.js';
import type { Submission } from './submission-log.js';

export type { SmscSimulatorOptions } from './simulated-smsc.js';
export { parseScript, type ScriptedRule, type SimulatorScript } from './script.js';
export type { Submission } from './submission-log.js';

export type SmscSimulator = Readonly<{
  /** With system_id and password: what a client takes as KWOTA_SMSC_URL. */
  url: string;
  port: number;
  submissions: Readonly<{ total: number; all(): readonly Submission[]; count(receiver: string, userMessageReference?: number): number }>;
  /** Receipts that no client has answered yet. */
  receiptsWaiting(): number;
  /** A phone sends a message to one of ours. */
  fromPhone(message: MessageFromPhone): void;
  /** All links are lost at once; it goes on listening. */
  hangUp(): void;
  close(): Promise<void>;
}>;

/** Listens at once; rejects when the port is taken or the log file cannot be opened. Defaults: kwota, secret, 127.0.0.1, a free port. */
export const startSmscSimulator = async (options: SmscSimulatorOptions = {}): Promise<SmscSimulator> => {
  const { host = '127.0.0.1', systemId = 'kwota', password = 'secret' } = options;
  const simulator = new SimulatedSmsc(systemId, password, options);
  const server = smpp.createServer((session) => simulator.accept(session));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const authority = host.includes(':') ? `[${host}]` : host;
  return {
    url: `smpp://${encodeURIComponent(systemId)}:${encodeURIComponent(password)}@${authority}:${port}`,
    port,
    submissions: simulator.submissions,
    receiptsWaiting: () => simulator.receiptsWaiting(),
    fromPhone: (message) => simulator.fromPhone(message),
    hangUp: () => simulator.hangUp(),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const session of [...server.sessions]) session.destroy();
      await closed;
      simulator.submissions.close();
    },
  };
};
