// What every event store promises, as tests that each adapter's spec calls.
import { createHash } from 'node:crypto';
import { AppendFailed, noStreamYet, type EventStore, type EventToAppend, type StoredEvent, type StreamAppend } from './event-store.js';

/** `open` gives an instance over a file or server space named by `place`: the same place again is the same store, beside the first one. */
export type OpenEventStore = (place: string) => Promise<EventStore>;

/** What an adapter's spec does to the disk under a place. */
export type DiskFaults = Readonly<{
  /** From now on it takes no more, also in the middle of a commit; the function given makes room again. */
  fill: (place: string) => Promise<() => Promise<void>>;
  /** Runs `append`, whose write a crash cuts off in the middle, whatever `append` is told; gives the place of what the crash left. */
  tear: (place: string, append: () => Promise<unknown>) => Promise<string>;
}>;

const eventOf = (id: string): EventToAppend => {
  const data = Buffer.from(`{"id":"${id}","padding":"${'ż'.repeat(100)}"}`);
  return { id, type: 'CreditsHeld', data, hash: createHash('sha256').update(data).digest() };
};
const eventsOf = (stream: string, from: number, count: number): EventToAppend[] =>
  Array.from({ length: count }, (_, index) => eventOf(`${stream}/${from + index}`));
const appendOf = (stream: string, expectedRevision: number, count = 1): StreamAppend => ({
  stream,
  expectedRevision,
  events: eventsOf(stream, expectedRevision + 1, count),
});
const collect = async (events: AsyncIterable<StoredEvent>): Promise<StoredEvent[]> => {
  const all: StoredEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
};
const idsOf = async (events: AsyncIterable<StoredEvent>): Promise<string[]> => (await collect(events)).map(({ id }) => id);

export const eventStoreConformance = (adapter: string, openEventStore: OpenEventStore, disk: DiskFaults): void =>
  describe(`${adapter} keeps the promises of EventStore`, () => {
    let places = 0;
    let place: string;
    let opened: EventStore[];
    let store: EventStore;
    const open = async (at = place): Promise<EventStore> => {
      const another = await openEventStore(at);
      opened.push(another);
      return another;
    };
    beforeEach(async () => {
      places += 1;
      place = `place-${places}`;
      opened = [];
      store = await open();
    });
    afterEach(async () => {
      for (const each of opened) await each.close();
    });

    describe('appending', () => {
      it('what was appended is read as it was written, with stream, revision and position', async () => {
        const events = eventsOf('a', 0, 2);
        expect(await store.append([{ stream: 'a', expectedRevision: noStreamYet, events }])).toEqual([{ stream: 'a', appended: true, revision: 1 }]);
        const read = await collect(store.readStream('a'));
        expect(read.map(({ stream, revision, position, id, type }) => ({ stream, revision, position, id, type }))).toEqual([
          { stream: 'a', revision: 0, position: 1, id: 'a/0', type: 'CreditsHeld' },
          { stream: 'a', revision: 1, position: 2, id: 'a/1', type: 'CreditsHeld' },
        ]);
        expect(read.map(({ data, hash }) => [Buffer.from(data), Buffer.from(hash)])).toEqual(events.map(({ data, hash }) => [data, hash]));
      });

      it('bytes of any value and length come back, none included', async () => {
        const datas = [Buffer.alloc(0), Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), Buffer.alloc(300_000, 'x')];
        const events = datas.map((data, index) => ({ ...eventOf(`a/${index}`), data }));
        await store.append([{ stream: 'a', expectedRevision: noStreamYet, events }]);
        const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
        expect((await collect(store.readStream('a'))).map(({ data }) => hex(data))).toEqual(datas.map(hex));
      });

      it('names of streams, ids and types may have any letters', async () => {
        const event = { ...eventOf('zażółć/0'), type: 'Gęś' };
        await store.append([{ stream: 'łódź', expectedRevision: noStreamYet, events: [event] }]);
        expect((await collect(store.readStream('łódź'))).map(({ id, type }) => [id, type])).toEqual([['zażółć/0', 'Gęś']]);
      });

      it('a batch of many streams is told stream by stream, in its order', async () => {
        const batch = Array.from({ length: 300 }, (_, index) => appendOf(`s${index}`, noStreamYet, 1 + (index % 3)));
        const outcomes = await store.append(batch);
        expect(outcomes).toEqual(batch.map(({ stream, events }) => ({ stream, appended: true, revision: events.length - 1 })));
        expect((await collect(store.readStream('s299'))).map(({ id }) => id)).toEqual(['s299/0', 's299/1', 's299/2']);
      });

      it('calls made at the same time come in the order of the calls', async () => {
        const outcomes = await Promise.all(Array.from({ length: 50 }, (_, index) => store.append([appendOf('a', index - 1)])));
        expect(outcomes.map(([outcome]) => outcome)).toEqual(Array.from({ length: 50 }, (_, revision) => ({ stream: 'a', appended: true, revision })));
        expect(await idsOf(store.readStream('a'))).toEqual(Array.from({ length: 50 }, (_, index) => `a/${index}`));
      });

      it('one stream twice in a batch goes on where it was', async () => {
        await store.append([appendOf('a', noStreamYet, 2), appendOf('b', noStreamYet), appendOf('a', 1, 2)]);
        expect(await idsOf(store.readStream('a'))).toEqual(['a/0', 'a/1', 'a/2', 'a/3']);
        expect(await idsOf(store.readStream('a', 3))).toEqual(['a/3']);
      });

      it('a hash that is not 32 bytes is refused, and nothing of its batch is written', async () => {
        const wrong = { ...eventOf('b/0'), hash: Buffer.alloc(20) };
        await expect(store.append([appendOf('a', noStreamYet), { stream: 'b', expectedRevision: noStreamYet, events: [wrong] }])).rejects.toThrow(RangeError);
        expect(await store.streams()).toEqual([]);
      });
    });

    describe('expected revision', () => {
      it.each([
        ['a stream that is there is expected not to be', noStreamYet],
        ['lower than the last', 0],
        ['higher than the last', 2],
        ['much higher than the last', 1_000_000],
      ])('wrong is an outcome that tells the actual one: %s', async (_, expectedRevision) => {
        await store.append([appendOf('a', noStreamYet, 2)]);
        const other = { stream: 'a', expectedRevision, events: [eventOf('other')] };
        expect(await store.append([other])).toEqual([{ stream: 'a', appended: false, actualRevision: 1 }]);
        expect(await idsOf(store.readStream('a'))).toEqual(['a/0', 'a/1']);
      });

      it('of a stream that is not there is told as -1', async () => {
        expect(await store.append([appendOf('a', 0)])).toEqual([{ stream: 'a', appended: false, actualRevision: noStreamYet }]);
        expect(await store.streams()).toEqual([]);
      });

      it('wrong for one stream keeps none of the others from being appended', async () => {
        await store.append([appendOf('a', noStreamYet)]);
        expect(await store.append([appendOf('b', noStreamYet), appendOf('a', 5), appendOf('c', noStreamYet)])).toEqual([
          { stream: 'b', appended: true, revision: 0 },
          { stream: 'a', appended: false, actualRevision: 0 },
          { stream: 'c', appended: true, revision: 0 },
        ]);
      });

      it('an append without events only checks it', async () => {
        await store.append([appendOf('a', noStreamYet)]);
        expect(await store.append([appendOf('a', 0, 0), appendOf('a', noStreamYet, 0), appendOf('b', noStreamYet, 0)])).toEqual([
          { stream: 'a', appended: true, revision: 0 },
          { stream: 'a', appended: false, actualRevision: 0 },
          { stream: 'b', appended: true, revision: noStreamYet },
        ]);
        expect(await store.streams()).toEqual([{ stream: 'a', revision: 0 }]);
      });
    });

    describe('the same append again', () => {
      it('is done already: it says so and writes nothing', async () => {
        const append = appendOf('a', noStreamYet, 3);
        const first = await store.append([append]);
        await store.append([appendOf('a', 2), appendOf('b', noStreamYet)]);
        expect(await store.append([append])).toEqual(first);
        expect(await idsOf(store.readAll())).toEqual(['a/0', 'a/1', 'a/2', 'a/3', 'b/0']);
      });

      it('is known also when it waits beside the first', async () => {
        const outcomes = await Promise.all([0, 1, 2].map(() => store.append([appendOf('a', noStreamYet, 2)])));
        expect(outcomes.flat()).toEqual([0, 1, 2].map(() => ({ stream: 'a', appended: true, revision: 1 })));
        expect(await idsOf(store.readAll())).toEqual(['a/0', 'a/1']);
      });

      it('is known within a batch, by what came before it there and not by what comes after', async () => {
        const first = appendOf('a', noStreamYet);
        const both = appendOf('a', noStreamYet, 2);
        expect(await store.append([first, both, appendOf('a', 0), both, first])).toEqual([
          { stream: 'a', appended: true, revision: 0 },
          { stream: 'a', appended: false, actualRevision: 0 },
          { stream: 'a', appended: true, revision: 1 },
          { stream: 'a', appended: true, revision: 1 },
          { stream: 'a', appended: true, revision: 0 },
        ]);
        expect(await idsOf(store.readAll())).toEqual(['a/0', 'a/1']);
      });

      it('is known after another opening, and across the commits of the first', async () => {
        await store.append([appendOf('a', noStreamYet, 2)]);
        await store.append([appendOf('a', 1, 2)]);
        const another = await open();
        expect(await another.append([appendOf('a', noStreamYet, 4)])).toEqual([{ stream: 'a', appended: true, revision: 3 }]);
        expect(await idsOf(another.readAll())).toHaveLength(4);
      });

      it('with more events than are there is another append', async () => {
        await store.append([appendOf('a', noStreamYet, 2)]);
        expect(await store.append([appendOf('a', noStreamYet, 3)])).toEqual([{ stream: 'a', appended: false, actualRevision: 1 }]);
      });

      it('with other bytes under the same ids is another append', async () => {
        await store.append([appendOf('a', noStreamYet)]);
        const other = { ...eventOf('a/0'), hash: Buffer.alloc(32, 7) };
        expect(await store.append([{ stream: 'a', expectedRevision: noStreamYet, events: [other] }])).toEqual([{ stream: 'a', appended: false, actualRevision: 0 }]);
      });
    });

    describe('two writers', () => {
      it('on one stream: each revision goes to one of them, and the other is told', async () => {
        const second = await open();
        const write = async (writer: EventStore, name: string): Promise<string[]> => {
          const written: string[] = [];
          for (let expectedRevision = noStreamYet, index = 0; written.length < 40; index += 1) {
            const [outcome] = await writer.append([{ stream: 'a', expectedRevision, events: [eventOf(`${name}/${index}`)] }]);
            if (outcome!.appended) written.push(`${name}/${index}`);
            expectedRevision = outcome!.appended ? outcome!.revision : outcome!.actualRevision;
          }
          return written;
        };
        const [ours, theirs] = await Promise.all([write(store, 'first'), write(second, 'second')]);
        const stored = await collect(store.readStream('a'));
        expect(stored.map(({ revision }) => revision)).toEqual(Array.from({ length: 80 }, (_, index) => index));
        expect(stored.map(({ id }) => id).filter((id) => id.startsWith('first'))).toEqual(ours);
        expect(stored.map(({ id }) => id).filter((id) => id.startsWith('second'))).toEqual(theirs);
        expect(await collect(second.readStream('a'))).toEqual(stored);
      });

      it('a writer that was overtaken appends nothing, though its own last append went well', async () => {
        const second = await open();
        await store.append([appendOf('a', noStreamYet)]);
        await second.append([{ stream: 'a', expectedRevision: 0, events: [eventOf('theirs')] }]);
        expect(await store.append([appendOf('a', 0)])).toEqual([{ stream: 'a', appended: false, actualRevision: 1 }]);
        expect(await idsOf(store.readStream('a'))).toEqual(['a/0', 'theirs']);
      });
    });

    describe('reading', () => {
      const written = async (): Promise<void> => {
        for (let revision = noStreamYet; revision < 99; revision += 5) await store.append([appendOf('a', revision, 5), appendOf('b', revision, 5)]);
      };

      it('a stream starts at any revision and ends with its last event', async () => {
        await written();
        const whole = await idsOf(store.readStream('a'));
        expect(whole).toEqual(Array.from({ length: 100 }, (_, index) => `a/${index}`));
        for (const from of [0, 1, 4, 5, 6, 98, 99, 100, 1_000]) expect(await idsOf(store.readStream('a', from))).toEqual(whole.slice(from));
      });

      it('an unknown stream is empty', async () => expect(await idsOf(store.readStream('nobody'))).toEqual([]));

      it('all events start at any position, without a gap, each stream in order', async () => {
        await written();
        const placesOf = async (events: AsyncIterable<StoredEvent>) =>
          (await collect(events)).map(({ stream, revision, position, id }) => ({ stream, revision, position, id }));
        const all = await placesOf(store.readAll());
        expect(all.map(({ position }) => position)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
        for (const stream of ['a', 'b']) expect(all.filter((event) => event.stream === stream)).toEqual(await placesOf(store.readStream(stream)));
        for (const from of [1, 2, 5, 6, 11, 200, 201]) expect(await placesOf(store.readAll(from))).toEqual(all.slice(from - 1));
      });

      it('thousands of events are read in order, from anywhere', async () => {
        const numbersTo = (count: number) => Array.from({ length: count }, (_, index) => index);
        for (let revision = noStreamYet; revision < 2_999; revision += 500) await store.append([appendOf('a', revision, 500), appendOf('b', revision, 500)]);
        expect((await collect(store.readStream('a'))).map(({ revision }) => revision)).toEqual(numbersTo(3_000));
        expect((await collect(store.readAll(1_001))).map(({ position }) => position - 1_001)).toEqual(numbersTo(5_000));
        expect(await idsOf(store.readStream('b', 2_998))).toEqual(['b/2998', 'b/2999']);
      });

      it('a reader that goes on from the last position it saw never skips an event of two writers', async () => {
        const second = await open();
        const reader = await open();
        let writing = true;
        const write = async (writer: EventStore, stream: string): Promise<void> => {
          for (let revision = noStreamYet; revision < 149; revision += 1) await writer.append([appendOf(stream, revision)]);
        };
        const writers = Promise.all([write(store, 'a'), write(second, 'b')]).then(() => (writing = false));
        const seen: StoredEvent[] = [];
        for (let last = false; !last; ) {
          last = !writing;
          for await (const event of reader.readAll((seen.at(-1)?.position ?? 0) + 1)) seen.push(event);
          await new Promise(setImmediate);
        }
        await writers;
        expect(seen).toEqual(await collect(store.readAll()));
        expect(seen).toHaveLength(300);
      });

      it('events appended while a stream is read come after the others', async () => {
        await store.append([appendOf('a', noStreamYet, 2)]);
        const ids: string[] = [];
        for await (const { id } of store.readStream('a')) {
          ids.push(id);
          if (id === 'a/0') await store.append([appendOf('a', 1)]);
        }
        expect(ids.slice(0, 2)).toEqual(['a/0', 'a/1']);
        expect(['a/2', undefined]).toContain(ids[2]);
        expect(await idsOf(store.readStream('a'))).toEqual(['a/0', 'a/1', 'a/2']);
      });

      it('streams are told with their last revisions, in the order of their first events', async () => {
        await store.append([appendOf('b', noStreamYet, 3)]);
        await store.append([appendOf('a', noStreamYet), appendOf('b', 2)]);
        const expected = [
          { stream: 'b', revision: 3 },
          { stream: 'a', revision: 0 },
        ];
        expect(await store.streams()).toEqual(expected);
        expect(await (await open()).streams()).toEqual(expected);
      });
    });

    describe('another opening', () => {
      it('finds all that was appended, and goes on', async () => {
        await store.append([appendOf('a', noStreamYet, 3), appendOf('b', noStreamYet)]);
        const before = await collect(store.readAll());
        await store.close();
        const another = await open();
        expect(await collect(another.readAll())).toEqual(before);
        expect(await another.append([appendOf('a', 2)])).toEqual([{ stream: 'a', appended: true, revision: 3 }]);
        expect((await collect(another.readAll())).at(-1)).toMatchObject({ id: 'a/3', position: 5 });
      });

      it('finds what was under way when the store was closed', async () => {
        const appended = store.append([appendOf('a', noStreamYet)]);
        await store.close();
        expect(await appended).toEqual([{ stream: 'a', appended: true, revision: 0 }]);
        expect(await idsOf((await open()).readStream('a'))).toEqual(['a/0']);
      });

      it('a closed store takes no more', async () => {
        await store.close();
        await expect(store.append([appendOf('a', noStreamYet)])).rejects.toThrow('closed');
      });
    });

    describe('snapshots', () => {
      const snapshotOf = (id: string, revision: number, body: string) => ({ revision, hash: eventOf(id).hash, reducerVersion: 1, body: Buffer.from(body) });
      const loaded = async (from: EventStore, stream: string) => {
        const snapshot = await from.loadSnapshot(stream);
        return snapshot && { ...snapshot, hash: Buffer.from(snapshot.hash), body: Buffer.from(snapshot.body) };
      };
      beforeEach(() => store.append([appendOf('a', noStreamYet, 5)]));

      it('none is there until one is saved', async () => expect(await store.loadSnapshot('a')).toBeUndefined());

      it('the one of the highest revision is kept, also for another opening', async () => {
        await store.saveSnapshot('a', snapshotOf('a/1', 1, 'one'));
        await store.saveSnapshot('a', snapshotOf('a/4', 4, 'four'));
        await store.saveSnapshot('a', snapshotOf('a/2', 2, 'two'));
        expect(await loaded(await open(), 'a')).toEqual(snapshotOf('a/4', 4, 'four'));
      });

      it('one of the same revision takes the place of the other: the reducer changed', async () => {
        await store.saveSnapshot('a', snapshotOf('a/4', 4, 'old'));
        await store.saveSnapshot('a', { ...snapshotOf('a/4', 4, 'new'), reducerVersion: 2 });
        expect(await loaded(store, 'a')).toEqual({ ...snapshotOf('a/4', 4, 'new'), reducerVersion: 2 });
      });

      it('one of an event that is not there, or has another hash, is refused', async () => {
        await expect(store.saveSnapshot('a', snapshotOf('a/5', 5, 'ahead'))).rejects.toThrow(RangeError);
        await expect(store.saveSnapshot('a', snapshotOf('a/3', 4, 'other'))).rejects.toThrow(RangeError);
        expect(await store.loadSnapshot('a')).toBeUndefined();
      });
    });

    describe('marks', () => {
      const marked = async (from: EventStore, name: string, streams?: string[]) => Object.fromEntries(await from.loadMarks(name, streams));

      it('none are there until some are saved', async () => expect(await marked(store, 'published')).toEqual({}));

      it('are kept by name and stream, also for another opening', async () => {
        await store.saveMarks('published', new Map([['a', 3], ['b', 0]]));
        await store.saveMarks('mirrored', new Map([['a', 1]]));
        const another = await open();
        expect(await marked(another, 'published')).toEqual({ a: 3, b: 0 });
        expect(await marked(another, 'mirrored')).toEqual({ a: 1 });
        expect(await marked(another, 'published', ['b', 'unknown'])).toEqual({ b: 0 });
        expect(await marked(another, 'published', [])).toEqual({});
      });

      it('never go back', async () => {
        await store.saveMarks('published', new Map([['a', 3]]));
        await (await open()).saveMarks('published', new Map([['a', 2], ['b', 5]]));
        expect(await marked(store, 'published')).toEqual({ a: 3, b: 5 });
      });

      it('of many streams go in one call, and none is a call too', async () => {
        const many = new Map(Array.from({ length: 3_000 }, (_, index) => [`s${index}`, index]));
        await store.saveMarks('published', many);
        await store.saveMarks('published', new Map());
        expect((await store.loadMarks('published')).size).toBe(3_000);
      });
    });

    describe('a disk that fails', () => {
      /** One after the other: the order of two streams in one batch is the store's. */
      const writtenBefore = async (): Promise<void> => {
        await store.append([appendOf('a', noStreamYet, 2)]);
        await store.append([appendOf('b', noStreamYet)]);
      };

      it('full: the append fails with nothing of it written, readers read on, and it goes through when there is room', async () => {
        await writtenBefore();
        const batch = [appendOf('a', 1, 60), appendOf('c', noStreamYet)];
        const makeRoom = await disk.fill(place);
        try {
          for (let time = 0; time < 2; time += 1) await expect(store.append(batch)).rejects.toThrow(AppendFailed);
          expect(store.health()).toEqual({ ready: false, reasons: [expect.any(String)] });
          expect(await idsOf(store.readAll())).toEqual(['a/0', 'a/1', 'b/0']);
          expect(await store.streams()).toEqual([{ stream: 'a', revision: 1 }, { stream: 'b', revision: 0 }]);
        } finally {
          await makeRoom();
        }
        expect(await store.append(batch)).toEqual([{ stream: 'a', appended: true, revision: 61 }, { stream: 'c', appended: true, revision: 0 }]);
        expect(store.health()).toEqual({ ready: true, reasons: [] });
        const expected = ['a/0', 'a/1', 'b/0', ...batch.flatMap(({ events }) => events.map(({ id }) => id))];
        for (const reader of [store, await open()]) expect((await idsOf(reader.readAll())).toSorted()).toEqual(expected.toSorted());
      });

      it('torn: what was appended before is there, what the crash cut off is there whole or not at all, and the same again goes through', async () => {
        await writtenBefore();
        const batch = [appendOf('a', 1, 60), appendOf('c', noStreamYet)];
        const left = await open(await disk.tear(place, () => store.append(batch)));
        const before = await idsOf(left.readAll());
        expect(before.slice(0, 3)).toEqual(['a/0', 'a/1', 'b/0']);
        expect([2, 62]).toContain((await collect(left.readStream('a'))).length);
        expect([0, 1]).toContain((await collect(left.readStream('c'))).length);
        expect((await left.streams()).reduce((sum, { revision }) => sum + revision + 1, 0)).toBe(before.length);
        expect(await left.append(batch)).toEqual([{ stream: 'a', appended: true, revision: 61 }, { stream: 'c', appended: true, revision: 0 }]);
        expect(await idsOf(left.readStream('a'))).toEqual(Array.from({ length: 62 }, (_, index) => `a/${index}`));
        expect(await idsOf(left.readAll())).toHaveLength(64);
      });
    });

    it('is ready while appends go through', async () => {
      await store.append([appendOf('a', noStreamYet)]);
      expect(store.health()).toEqual({ ready: true, reasons: [] });
    });
  });
