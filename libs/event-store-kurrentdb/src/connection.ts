import {
  KurrentDBClient,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
  type AllStreamResolvedEvent,
  type EventData,
  type Filter,
  type Position,
  type RecordedEvent,
} from '@kurrent/kurrentdb-client';

/** How long each waits before it is given up. */
export type Timeouts = Readonly<{
  /** An append that has no answer by then may or may not be durable. */
  appendMs: number;
  /** A page of events. */
  readMs: number;
}>;
export const defaultTimeouts: Timeouts = { appendMs: 10_000, readMs: 10_000 };

/** An idle channel keeps no process alive: it is not waited for longer. */
const closeMs = 1_000;

/** Somebody truncated or deleted a stream. */
export class EventsMissing extends Error {
  override readonly name = 'EventsMissing';
}

class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

export type AppendResult = Readonly<{ appended: true; lastRevision: number } | { appended: false; actualRevision: number }>;
export type FromAll = Readonly<{ prefix: string; from: Position | undefined; count: number }>;

/**
 * The official client with an end to all waiting. Its appends go through grpc-js, its reads through tonic: two connections to one server.
 * Both ask for the leader, so that a reader sees what a writer was told.
 */
export class Connection {
  /** One for appends and one for reads, so that giving up a read takes no append with it. */
  private readonly clients: Record<'append' | 'read', KurrentDBClient>;
  private closing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly url: string,
    private readonly timeouts: Timeouts,
  ) {
    this.clients = { append: clientOf(url), read: clientOf(url) };
  }

  /** Exact revisions alone: `any` would fence nobody. @throws when nobody knows whether it was written, and when the server will not have it. */
  async append(stream: string, expectedRevision: number, events: EventData[]): Promise<AppendResult> {
    const streamState = expectedRevision < 0 ? 'no_stream' : BigInt(expectedRevision);
    try {
      // The server gives up first: its answer leaves the connection to the others.
      const deadline = this.timeouts.appendMs;
      const append = (client: KurrentDBClient) => client.appendToStream(stream, events, { streamState, requiresLeader: true, deadline });
      const result = await this.inTime('append', append, 1.2 * deadline);
      return { appended: true, lastRevision: Number(result.nextExpectedRevision) };
    } catch (error) {
      if (error instanceof WrongExpectedVersionError)
        return { appended: false, actualRevision: error.actualState === 'no_stream' ? -1 : Number(error.actualState) };
      throw error;
    }
  }

  /** In one step; empty when there is no such stream. @throws EventsMissing of a stream that is deleted for ever. */
  async readStream(stream: string, fromRevision: number | 'end', count: number): Promise<readonly RecordedEvent[]> {
    const options = fromRevision === 'end' ? ({ fromRevision, direction: 'backwards' } as const) : ({ fromRevision: BigInt(fromRevision) } as const);
    try {
      const read = (client: KurrentDBClient) => all(client.readStream(stream, { ...options, maxCount: count, requiresLeader: true }));
      return (await this.inTime('read', read, this.timeouts.readMs)).flatMap(({ event }) => (event ? [event] : []));
    } catch (error) {
      if (error instanceof StreamNotFoundError) return [];
      if (error instanceof StreamDeletedError) throw new EventsMissing(`the stream ${stream} is deleted for ever`, { cause: error });
      throw error;
    }
  }

  /** Of $all, the events whose streams' names begin so, from a position on, inclusive. Fewer than `count`: there are no more just now. */
  async readAll({ prefix, from, count }: FromAll): Promise<readonly RecordedEvent[]> {
    const filter: Filter = { filterOn: 'streamName', prefixes: [prefix], checkpointInterval: 1 };
    const options = { fromPosition: from ?? 'start', filter, maxCount: count, requiresLeader: true } as const;
    const read = (client: KurrentDBClient) => all<AllStreamResolvedEvent>(client.readAll(options));
    return (await this.inTime('read', read, this.timeouts.readMs)).flatMap(({ event }) => (event ? [event as RecordedEvent] : []));
  }

  async close(): Promise<void> {
    await this.closing;
    await Promise.all([closed(this.clients.append), this.clients.read.dispose()]);
  }

  /** The client finds the leader and connects again by itself; what it does not notice is a server that takes calls and answers none. */
  private inTime<Result>(kind: 'append' | 'read', ask: (client: KurrentDBClient) => Promise<Result>, ms: number): Promise<Result> {
    const client = this.clients[kind];
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new NoAnswer('the server did not answer in time'));
        if (client === this.clients[kind]) this.renew(kind);
      }, ms);
      ask(client)
        .then(resolve, reject)
        .finally(() => clearTimeout(timer));
    });
  }

  private renew(kind: 'append' | 'read'): void {
    const client = this.clients[kind];
    this.clients[kind] = clientOf(this.url);
    this.closing = this.closing.then(() => (kind === 'append' ? closed(client) : client.dispose()));
  }
}

/** The client's `dispose` ends its calls and leaves its channel open, which its own code alone is meant to see. */
const closed = async (client: KurrentDBClient): Promise<void> => {
  await client.dispose();
  const { getChannel } = client as unknown as { getChannel(): Promise<{ close(): void }> };
  // One that never wrote would look for a node first.
  const giveUp = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), closeMs).unref());
  (await Promise.race([getChannel(), giveUp]).catch(() => undefined))?.close();
};

/** @throws without the URL: it has a password. */
const clientOf = (url: string): KurrentDBClient => {
  const unknown = [...new URLSearchParams(url.split('?')[1]).keys()].find((name) => !knownOptions.has(name.toLowerCase().replaceAll(/[_-]/g, '')));
  // The client would ignore it, with a warning on the console that shows the whole URL.
  if (unknown !== undefined) throw new Error(`KurrentDB's client knows no option ${unknown}`);
  try {
    // The client warns of the old scheme on the console.
    return KurrentDBClient.connectionString(url.replace(/^esdb/, 'kurrentdb'));
  } catch {
    throw new Error('this is no URL of KurrentDB');
  }
};

const knownOptions = new Set(
  (
    'usercertfile userkeyfile maxdiscoverattempts connectionname defaultdeadline discoveryinterval gossiptimeout nodepreference tls tlsverifycert ' +
    'tlscafile throwonappendfailure keepaliveinterval keepalivetimeout'
  ).split(' '),
);

const all = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
};
