// What a service needs before it can begin. Services start in any order: it waits, and says what for.
import { connect } from 'node:net';
import { DataSource } from 'typeorm';
import type { PartHealth } from './health.js';
import type { Logger } from './logger.js';

/** `look` rejects while it is not there. */
export type Need = Readonly<{ what: string; look: () => Promise<void> }>;

const lookAgainMs = 1_000;
/** A word on the screen at the first time, then every half minute. */
const looksPerWord = 30;

export class Needs {
  private waitsFor: string | undefined = 'it has not begun yet';

  constructor(private readonly log: Logger) {}

  health(): PartHealth {
    return this.waitsFor === undefined ? { ready: true, reasons: [] } : { ready: false, reasons: [this.waitsFor] };
  }

  /** Resolves when all are there, or the signal comes. @throws the error of a need that will not come by waiting. */
  async met(needs: readonly Need[], signal: AbortSignal): Promise<void> {
    for (const { what, look } of needs) {
      for (let looks = 0; !signal.aborted; looks += 1) {
        const failure = await look().then(
          () => undefined,
          (error: Error) => error,
        );
        if (!failure) break;
        if (!mayPass(failure)) throw failure;
        this.waitsFor = `it waits for ${what}: ${codeOf(failure)}`;
        if (looks % looksPerWord === 0) this.log.warn({ waitsFor: what, reason: codeOf(failure) }, `waiting for ${what}`);
        await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
      }
    }
    this.waitsFor = undefined;
  }
}

/** A PostgreSQL that takes connections. Its errors may name user and database, never the password. */
export const postgresNeed = (url: string): Need => {
  const { host } = new URL(url);
  return {
    what: `PostgreSQL at ${host}`,
    look: async () => {
      const source = await new DataSource({ type: 'postgres', url, connectTimeoutMS: 5_000 }).initialize();
      await source.destroy();
    },
  };
};

/** One node of a KurrentDB at least that takes connections: whether it has a leader shows at opening. */
export const kurrentNeed = (url: string): Need => {
  const hosts = /:\/\/(?:[^@/]*@)?([^/?]+)/.exec(url)?.[1]?.split(',') ?? [];
  return { what: `KurrentDB at ${hosts.join(', ')}`, look: () => Promise.any(hosts.map(connected)).catch(({ errors }: AggregateError) => Promise.reject((errors[0] as Error | undefined) ?? new Error('its URL names no host'))) };
};

const connected = (host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const [name = '', port = '2113'] = host.split(':');
    const socket = connect({ host: name, port: Number(port), timeout: 5_000 });
    socket.once('connect', resolve).once('error', reject);
    socket.once('timeout', () => reject(new Error('timeout')));
    for (const end of ['connect', 'error', 'timeout']) socket.once(end, () => socket.destroy());
  });

/** What waits for a database by its URL; nothing for a file. */
export const databaseNeeds = (url: string | undefined): readonly Need[] => {
  if (!url) return [];
  if (isPostgresUrl(url)) return [postgresNeed(url)];
  return isKurrentUrl(url) ? [kurrentNeed(url)] : [];
};

/** esdb:// is the name of before. */
export const isKurrentUrl = (url: string): boolean => /^(?:kurrentdb|esdb)(?:\+discover)?:\/\//.test(url);
export const isPostgresUrl = (url: string): boolean => /^postgres(?:ql)?:/.test(url);

/** Connection refused or lost, a name that is not there yet, a server that starts, stops (57P0x) or is full (53300). */
const passing = /^(?:ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|EPIPE|57P0\d|53300|08\d\d\d)$/;
/** Whether a server is away rather than at fault. */
export const mayPass = (error: Error): boolean => passing.test(codeOf(error)) || /timeout|terminated|ended unexpectedly/i.test(error.message);
const codeOf = (error: Error): string => (error as { code?: string }).code ?? error.name;
