import { GroupSync, SyncFailed } from './group-sync.js';

/** A disk that ends each sync when it is told to. */
const disk = () => {
  const syncs: { end: () => void; fail: (error: Error) => void }[] = [];
  const group = new GroupSync(() => new Promise((resolve, reject) => void syncs.push({ end: resolve, fail: reject })));
  return { syncs, group };
};
const stateOf = async (promise: Promise<void>): Promise<string> => {
  const waiting = new Promise<string>((resolve) => setImmediate(() => resolve('waiting')));
  return Promise.race([promise.then(() => 'on disk', (error: Error) => error.name), waiting]);
};

describe('who waits for the disk', () => {
  it('is told when a sync ends that began after the write, not before', async () => {
    const { syncs, group } = disk();
    const first = group.synced();
    const second = group.synced();
    expect(syncs).toHaveLength(1);
    syncs[0]?.end();
    expect([await stateOf(first), await stateOf(second), syncs.length]).toEqual(['on disk', 'waiting', 2]);
    syncs[1]?.end();
    expect(await stateOf(second)).toBe('on disk');
  });

  it('shares the next sync with all who wrote while one ran', async () => {
    const { syncs, group } = disk();
    const first = group.synced();
    const others = Array.from({ length: 100 }, () => group.synced());
    syncs[0]?.end();
    await first;
    syncs[1]?.end();
    await Promise.all(others);
    expect(syncs).toHaveLength(2);
    await group.settled();
  });

  it('and writes again as soon as it is told comes along with the sync that is about to begin: one runs at a time', async () => {
    const { syncs, group } = disk();
    const again = group.synced().then(() => group.synced());
    const other = group.synced();
    syncs[0]?.end();
    expect([await stateOf(again), await stateOf(other), syncs.length]).toEqual(['waiting', 'waiting', 2]);
    syncs[1]?.end();
    await Promise.all([again, other]);
    expect(syncs).toHaveLength(2);
  });

  it('is refused for good once a sync failed: the next one would succeed without what the kernel dropped', async () => {
    const { syncs, group } = disk();
    const states = Promise.all([group.synced(), group.synced(), group.settled()].map(stateOf));
    syncs[0]?.fail(new Error('EIO'));
    expect(await states).toEqual(['SyncFailed', 'SyncFailed', 'SyncFailed']);
    await expect(group.synced()).rejects.toThrow(SyncFailed);
    await expect(group.settled()).rejects.toThrow('restart');
    expect(syncs).toHaveLength(1);
  });

  it('may wait for what others asked for alone', async () => {
    const { syncs, group } = disk();
    await group.settled();
    expect(syncs).toHaveLength(0);
    const written = group.synced();
    const reader = group.settled();
    expect(await stateOf(reader)).toBe('waiting');
    syncs[0]?.end();
    expect([await stateOf(written), await stateOf(reader), syncs.length]).toEqual(['on disk', 'on disk', 1]);
  });
});
