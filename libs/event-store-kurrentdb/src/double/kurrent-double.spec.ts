// The double's rules, seen through the unmodified client. README.md says where the server documents each.
import { jsonEvent, KurrentDBClient, START, StreamDeletedError, StreamNotFoundError, WrongExpectedVersionError, type AppendStreamState } from '@kurrent/kurrentdb-client';
import { KurrentDouble } from './kurrent-double.js';

const event = (id: number) => jsonEvent({ id: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`, type: 'Ticked', data: { id } });
const [one, two, three, four] = [1, 2, 3, 4].map(event) as [ReturnType<typeof event>, ReturnType<typeof event>, ReturnType<typeof event>, ReturnType<typeof event>];

describe.each([true, false])('with batch append: %s', (hasBatchAppend) => {
  let double: KurrentDouble;
  let client: KurrentDBClient;
  const append = (streamState: AppendStreamState, ...events: ReturnType<typeof event>[]) =>
    client.appendToStream('s', events, { streamState }).then(
      ({ nextExpectedRevision }) => Number(nextExpectedRevision),
      (error: unknown) => (error instanceof WrongExpectedVersionError ? `wrong, it is ${error.actualState}` : (error as Error).constructor.name),
    );
  const revisions = async (): Promise<number[]> => {
    const read: number[] = [];
    for await (const { event: recorded } of client.readStream('s', { fromRevision: START })) read.push(Number(recorded!.revision));
    return read;
  };
  beforeEach(async () => {
    double = await KurrentDouble.start({ hasBatchAppend });
    client = KurrentDBClient.connectionString(double.url);
  });
  afterEach(async () => {
    await client.dispose();
    await double.stop();
  });

  it('expected revisions of each form', async () => {
    expect(await append('stream_exists', one)).toBe('wrong, it is no_stream');
    expect(await append(0n, one)).toBe('wrong, it is no_stream');
    expect(await append('no_stream', one)).toBe(0);
    expect(await append('no_stream', two)).toBe('wrong, it is 0');
    expect(await append(1n, two)).toBe('wrong, it is 0');
    expect(await append(0n, two)).toBe(1);
    expect(await append('stream_exists', three)).toBe(2);
    expect(await append('any', four)).toBe(3);
    expect(await revisions()).toEqual([0, 1, 2, 3]);
  });

  it('a repeat is known by its ids at their revisions; in part it is a wrong expected version', async () => {
    await append('no_stream', one, two);
    await append(1n, three);
    expect(await append('no_stream', one, two)).toBe(1);
    expect(await append('no_stream', one)).toBe(0);
    expect(await append(0n, two, three)).toBe(2);
    expect(await append('no_stream', one, four)).toBe('wrong, it is 2');
    expect(await append('no_stream', one, two, three, four)).toBe('wrong, it is 2');
    expect(await append('any', one, two)).toBe(1);
    expect(await revisions()).toEqual([0, 1, 2]);
  });

  it('an exact revision takes an id that lies elsewhere in the stream for a new event', async () => {
    await append('no_stream', one);
    expect(await append(0n, one)).toBe(1);
  });

  it('max count and truncation hide events from readers of the stream, not from those of $all before a scavenge', async () => {
    await append('no_stream', one, two, three, four);
    const all = async () => {
      let events = 0;
      for await (const { event: recorded } of client.readAll({ filter: { filterOn: 'streamName', prefixes: ['s'], checkpointInterval: 1 } })) events += recorded ? 1 : 0;
      return events;
    };
    await client.setStreamMetadata('s', { maxCount: 2 });
    expect(await revisions()).toEqual([2, 3]);
    double.log.truncate('s', 3n);
    expect([await revisions(), await all()]).toEqual([[3], 4]);
    double.log.scavenge();
    expect([await revisions(), await all()]).toEqual([[3], 1]);
  });

  it('a soft-deleted stream is not found, and goes on from its last revision; a tombstoned one takes nothing more', async () => {
    await append('no_stream', one, two);
    double.log.softDelete('s');
    await expect(revisions()).rejects.toThrow(StreamNotFoundError);
    expect(await append('no_stream', three)).toBe(2);
    double.log.tombstone('s');
    await expect(revisions()).rejects.toThrow(StreamDeletedError);
    expect(await append('any', four)).toBe('StreamDeletedError');
  });

  it('a follower tells whoever requires the leader where it is, and the client goes there', async () => {
    const leader = await KurrentDouble.start({ log: double.log, hasBatchAppend });
    double.leader = leader.endpoint;
    const requiring = () => client.appendToStream('s', [one], { streamState: 'no_stream', requiresLeader: true });
    await expect(requiring()).rejects.toMatchObject({ type: 'not-leader', leader: { address: '127.0.0.1', port: leader.endpoint.port } });
    expect(await requiring()).toMatchObject({ nextExpectedRevision: 0n });
    await leader.stop();
  });
});
