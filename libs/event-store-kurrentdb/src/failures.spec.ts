// What an append says when the server or a connection fails in the middle, and that the next one is in order again.
import { AppendFailed, noStreamYet, type EventToAppend, type StreamAppend } from '@kwota/event-store';
import { inspect } from 'node:util';
import { KurrentDouble, type AppendFault } from './double/kurrent-double.js';
import { KurrentEventStore, type KurrentEventStoreOptions } from './kurrent-event-store.js';

/** All of them together take some seconds; this is for a machine that others use, too. */
const timeoutMs = 30_000;
const event = (id: string): EventToAppend => ({ id, type: 'Ticked', data: Buffer.from(id), hash: Buffer.alloc(32, id) });
const one = (stream: string, expectedRevision = noStreamYet): StreamAppend[] => [{ stream, expectedRevision, events: [event(`${stream}/${expectedRevision + 1}`)] }];
const idsOf = async (events: AsyncIterable<{ id: string }>): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { id } of events) ids.push(id);
  return ids;
};
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (holds: () => boolean): Promise<void> => {
  for (const giveUpAtMs = Date.now() + 10_000; !holds(); await pause(10)) if (Date.now() > giveUpAtMs) throw new Error('It did not come about within ten seconds.');
};
/** Again and again until the store says that it is durable, as the ledger does when nothing else has come between. */
const untilAppended = async (store: KurrentEventStore, batch: readonly StreamAppend[]): Promise<number> => {
  for (let failures = 0; ; failures += 1) {
    try {
      expect(await store.append(batch)).toEqual(batch.map(({ stream, expectedRevision, events }) => ({ stream, appended: true, revision: expectedRevision + events.length })));
      return failures;
    } catch (error) {
      if (!(error instanceof AppendFailed)) throw error;
      await pause(20);
    }
  }
};

let double: KurrentDouble;
let stores: KurrentEventStore[];
let troubles: Error[];
const open = async (options: Partial<KurrentEventStoreOptions> = {}): Promise<KurrentEventStore> => {
  const store = await KurrentEventStore.open({ url: double.url, timeouts: { appendMs: 1_000 }, onTrouble: (error) => troubles.push(error), ...options });
  stores.push(store);
  return store;
};
beforeEach(async () => {
  double = await KurrentDouble.start();
  stores = [];
  troubles = [];
});
afterEach(async () => {
  for (const store of stores) await store.close();
  await double.stop();
}, timeoutMs);

describe('an append whose outcome nobody knows', () => {
  const phases: [AppendFault, boolean][] = [
    ['drop the connection before the write', false],
    ['drop the connection after the write', true],
    ['time out before the write', false],
    ['time out after the write', true],
    ['no answer, nothing written', false],
    ['no answer after the write', true],
    ['truncate after the write', false],
    ['not ready', false],
  ];

  it.each(phases)('fails, and the same again is known or written, never both: %s', async (fault, isWritten) => {
    const store = await open({ timeouts: { appendMs: 300 } });
    await store.append(one('a'));
    double.faults.next(fault, '-a');
    await expect(store.append([...one('a', 0), ...one('b')])).rejects.toThrow(AppendFailed);
    expect(store.health()).toEqual({ ready: false, reasons: [expect.stringMatching(/^the last append failed \(\w+\)$/)] });
    expect(await idsOf((await open()).readStream('a'))).toEqual(isWritten ? ['a/0', 'a/1'] : ['a/0']);
    await untilAppended(store, [...one('a', 0), ...one('b')]);
    expect(store.health()).toEqual({ ready: true, reasons: [] });
    expect(await idsOf(store.readStream('a'))).toEqual(['a/0', 'a/1']);
    expect(await idsOf(store.readStream('b'))).toEqual(['b/0']);
  }, timeoutMs);

  it.each(phases)('is fenced when another writer goes on meanwhile: %s', async (fault, isWritten) => {
    const store = await open({ timeouts: { appendMs: 300 } });
    const other = await open();
    await store.append(one('a'));
    double.faults.next(fault, '-a');
    await expect(store.append(one('a', 0))).rejects.toThrow(AppendFailed);
    const theirs = [{ stream: 'a', expectedRevision: 0, events: [event('theirs')] }];
    const [theirOutcome] = await other.append(theirs).catch(() => other.append(theirs));
    expect(theirOutcome).toEqual(isWritten ? { stream: 'a', appended: false, actualRevision: 1 } : { stream: 'a', appended: true, revision: 1 });
    const [ours] = await store.append(one('a', 0)).catch(() => store.append(one('a', 0)));
    expect(ours).toEqual(isWritten ? { stream: 'a', appended: true, revision: 1 } : { stream: 'a', appended: false, actualRevision: 1 });
  }, timeoutMs);

  it('that comes to be written after it was given up: one of the two at its revision, and the other is told', async () => {
    const store = await open({ timeouts: { appendMs: 200 } });
    await store.append(one('a'));
    double.faults.delayBeforeWriteMs = () => 600;
    await expect(store.append(one('a', 0))).rejects.toThrow(AppendFailed);
    double.faults.delayBeforeWriteMs = () => 0;
    expect(await idsOf(store.readStream('a'))).toEqual(['a/0']);
    expect(await store.append([{ stream: 'a', expectedRevision: 0, events: [event('after all')] }])).toEqual([{ stream: 'a', appended: true, revision: 1 }]);
    await pause(600);
    expect(await idsOf(store.readStream('a'))).toEqual(['a/0', 'after all']);
  }, timeoutMs);

  it('while it waits to be replicated, the repeat waits with it: the server says nothing to it, and it fails, too', async () => {
    const store = await open({ timeouts: { appendMs: 200 } });
    double.faults.delayOfIndexMs = () => 700;
    await expect(store.append(one('a'))).rejects.toThrow(AppendFailed);
    await expect(store.append(one('a'))).rejects.toThrow(AppendFailed);
    double.faults.delayOfIndexMs = () => 0;
    await untilAppended(store, one('a'));
    expect(await idsOf(store.readAll())).toEqual(['a/0']);
  }, timeoutMs);

  it('is one of its batch: the others are durable, and known when they come again', async () => {
    const store = await open({ timeouts: { appendMs: 300 } });
    double.faults.next('no answer, nothing written', '-b');
    const batch = [...one('a'), ...one('b'), ...one('c')];
    await expect(store.append(batch)).rejects.toThrow(AppendFailed);
    expect((await idsOf(store.readAll())).toSorted()).toEqual(['a/0', 'c/0']);
    await untilAppended(store, batch);
    expect((await idsOf(store.readAll())).toSorted()).toEqual(['a/0', 'b/0', 'c/0']);
  }, timeoutMs);
});

describe('readers beside slow committers', () => {
  it('never skip an event, and see each at one position for ever', async () => {
    const [first, second, reader] = [await open(), await open(), await open()];
    const delayOf = (stream: string): number => (stream.length * 7 + double.log.readAll(0n, () => true, 1_000).length * 13) % 9;
    double.faults.delayBeforeWriteMs = delayOf;
    double.faults.delayOfIndexMs = (stream) => delayOf(stream) / 3;
    let writing = true;
    const write = async (store: KurrentEventStore, stream: string): Promise<void> => {
      for (let revision = noStreamYet; revision < 39; revision += 1) await store.append(one(stream, revision));
    };
    const writers = Promise.all([write(first, 'a'), write(first, 'bb'), write(second, 'ccc'), write(second, 'dddd')]).then(() => (writing = false));
    const seen: { id: string; position: number }[] = [];
    for (let last = false; !last; ) {
      last = !writing;
      for await (const { id, position } of reader.readAll(seen.length + 1)) seen.push({ id, position });
    }
    await writers;
    expect(seen.map(({ position }) => position)).toEqual(Array.from({ length: 160 }, (_, index) => index + 1));
    const again: typeof seen = [];
    for await (const { id, position } of (await open()).readAll()) again.push({ id, position });
    expect(again).toEqual(seen);
  }, timeoutMs);

  it('number the events of their ledger alone, whatever else the server holds', async () => {
    const [store, other] = [await open(), await open({ space: 'another' })];
    await other.append(one('a'));
    await store.append(one('a'));
    await store.saveMarks('published', new Map([['a', 0]]));
    await store.saveSnapshot('a', { revision: 0, hash: event('a/0').hash, reducerVersion: 1, body: Buffer.from('state') });
    await other.append(one('a', 0));
    await store.append(one('a', 0));
    for (const each of [store, other]) {
      const positions: number[] = [];
      for await (const { position } of each.readAll()) positions.push(position);
      expect(positions).toEqual([1, 2]);
    }
  });
});

describe('a server that fails', () => {
  it('a leader change in the middle: the old one writes nothing more, the next append finds the new one, and reads do, too', async () => {
    const store = await open();
    const next = await KurrentDouble.start({ log: double.log });
    await store.append(one('a'));
    double.leader = next.endpoint;
    await expect(store.append(one('a', 0))).rejects.toThrow(AppendFailed);
    expect(store.health()).toEqual({ ready: false, reasons: ['the last append failed (NotLeaderError)'] });
    await untilAppended(store, one('a', 0));
    double.faults.isSilent = true;
    await store.append(one('a', 1));
    double.faults.isSilent = false;
    let ids: string[] = [];
    for (let attempts = 0; ids.length === 0; attempts += 1) ids = await idsOf(store.readAll()).catch((error: Error) => (attempts < 3 ? [] : Promise.reject(error)));
    expect(ids).toEqual(['a/0', 'a/1', 'a/2']);
    await store.close();
    await next.stop();
  }, timeoutMs);

  it('that goes away while nobody appends is noticed, and when it comes back, too', async () => {
    const store = await open({ timeouts: { appendMs: 500, readMs: 500 } });
    await store.append(one('a'));
    await double.goAway();
    await expect(store.append(one('b'))).rejects.toThrow(AppendFailed);
    await pause(1_200);
    expect(store.health().ready).toBe(false);
    await double.comeBack();
    await until(() => store.health().ready);
    await untilAppended(store, one('b'));
    expect(await idsOf(store.readAll())).toEqual(['a/0', 'b/0']);
    expect(troubles.length).toBeLessThan(5);
  }, timeoutMs);

  it('that takes calls and answers none is given up, and works again when it does', async () => {
    const store = await open({ timeouts: { appendMs: 300, readMs: 300 } });
    await store.append(one('a'));
    double.faults.isSilent = true;
    await expect(store.append(one('a', 0))).rejects.toThrow(AppendFailed);
    await expect(idsOf(store.readAll())).rejects.toThrow('did not answer in time');
    double.faults.isSilent = false;
    await untilAppended(store, one('a', 0));
    expect(await idsOf(store.readAll())).toEqual(['a/0', 'a/1']);
  }, timeoutMs);

  it('connections cut off again and again while appends run: nothing is doubled or lost, and nothing ends the process', async () => {
    const store = await open();
    let cutting = true;
    const cut = (async () => {
      for (; cutting; await pause(60)) double.dropConnections();
    })();
    const large = { ...event('large'), data: Buffer.alloc(4 * 1024 * 1024, 'x') };
    const failures = await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (stream) => {
        let failed = 0;
        for (let revision = noStreamYet; revision < 59; revision += 1) failed += await untilAppended(store, one(stream, revision));
        return failed;
      }),
    );
    cutting = false;
    await cut;
    await untilAppended(store, [{ stream: 'large', expectedRevision: noStreamYet, events: [large] }]);
    expect(Math.max(...failures)).toBeGreaterThan(0);
    const reader = await open();
    for (const stream of ['a', 'b', 'c', 'd']) expect(await idsOf(reader.readStream(stream))).toEqual(Array.from({ length: 60 }, (_, index) => `${stream}/${index}`));
  }, timeoutMs);

  it('many and large appends under way when the connection breaks all hear of it, and no rejection goes where nobody can catch it', async () => {
    const uncaught: unknown[] = [];
    const note = (reason: unknown): unknown => uncaught.push(reason);
    process.on('unhandledRejection', note);
    const store = await open();
    await store.append(one('a'));
    const large = (stream: string): StreamAppend => ({
      stream,
      expectedRevision: noStreamYet,
      events: Array.from({ length: 20 }, (_, index) => ({ ...event(`${stream}/${index}`), data: Buffer.alloc(100_000, 'x') })),
    });
    const appends = Array.from({ length: 60 }, (_, index) => store.append([large(`s${index}`)]));
    setTimeout(() => double.dropConnections(), 40);
    const settled = await Promise.allSettled(appends);
    const rejected = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []));
    expect(rejected.length).toBeGreaterThan(0);
    expect(rejected.filter((error) => !(error instanceof AppendFailed))).toEqual([]);
    await pause(50);
    process.off('unhandledRejection', note);
    expect(uncaught).toEqual([]);
  }, timeoutMs);

  it('a store that is closed while an append runs lets it finish', async () => {
    const store = await open();
    double.faults.delayOfIndexMs = () => 300;
    const appended = store.append(one('slow'));
    await pause(100);
    await store.close();
    expect(await appended).toEqual([{ stream: 'slow', appended: true, revision: 0 }]);
    await expect(store.append(one('a'))).rejects.toThrow('closed');
  });

  it.each(['kurrentdb://user:secret-word@127.0.0.1:1?tls=false', 'kurrentdb://user:secret-word@:x', 'ftp://secret-word', 'esdb://user:secret-word@127.0.0.1:1?tls=perhaps', 'kurrentdb://user:secret-word@127.0.0.1:1?tsl=false'])(
    'tells nothing of the URL when it cannot be opened: %#',
    async (url) => {
      const error: unknown = await KurrentEventStore.open({ url, timeouts: { readMs: 500 } }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('secret-word');
    },
    timeoutMs,
  );
});
