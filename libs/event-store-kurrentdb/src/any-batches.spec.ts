// Whatever is appended, also beside each other and while the server fails: what the port says, and each event once.
import { AppendFailed, type AppendOutcome, type EventToAppend, type StreamAppend } from '@kwota/event-store';
import fc from 'fast-check';
import { KurrentDouble, type AppendFault } from './double/kurrent-double.js';
import { KurrentEventStore } from './kurrent-event-store.js';

const timeoutMs = 30_000;
const event = (id: string): EventToAppend => ({ id, type: 'Ticked', data: Buffer.from(id), hash: Buffer.alloc(32, id) });

let double: KurrentDouble;
let store: KurrentEventStore;
/** Gives up soon: a repeat is what is tested. */
let impatient: KurrentEventStore;
beforeAll(async () => {
  double = await KurrentDouble.start();
  store = await KurrentEventStore.open({ url: double.url });
  impatient = await KurrentEventStore.open({ url: double.url, timeouts: { appendMs: 150 } });
});
afterAll(async () => {
  await store.close();
  await impatient.close();
  await double.stop();
});

/** What `append` must say, over lists in memory: the port's sentences, one after the other. */
const modelOf = () => {
  const streams = new Map<string, EventToAppend[]>();
  return ({ stream, expectedRevision, events }: StreamAppend): AppendOutcome => {
    const stored = streams.get(stream) ?? [];
    const actualRevision = stored.length - 1;
    const isSame = ({ id, hash }: EventToAppend, at: number): boolean => {
      const there = stored[expectedRevision + 1 + at];
      return there !== undefined && there.id === id && Buffer.compare(there.hash, hash) === 0;
    };
    if (expectedRevision === actualRevision) streams.set(stream, [...stored, ...events]);
    else if (events.length === 0 || !events.every(isSame)) return { stream, appended: false, actualRevision };
    return { stream, appended: true, revision: expectedRevision + events.length };
  };
};

it('append says what the port says, for any batches, also those of calls at the same time', async () => {
  const ids = fc.array(fc.constantFrom('x', 'y'), { maxLength: 3 });
  const append = fc.record({ stream: fc.constantFrom('a/', 'b/'), expectedRevision: fc.integer({ min: -1, max: 5 }), events: ids.map((of) => of.map(event)) });
  const calls = fc.array(fc.array(fc.array(append, { maxLength: 6 }), { maxLength: 4 }), { maxLength: 4 });
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(calls, async (rounds) => {
      const model = modelOf();
      const run = (runs += 1);
      for (const round of rounds) {
        const batches = round.map((batch) => batch.map((of) => ({ ...of, stream: of.stream + run })));
        expect(await Promise.all(batches.map((batch) => store.append(batch)))).toEqual(batches.map((batch) => batch.map(model)));
      }
    }),
    { numRuns: 40 },
  );
}, timeoutMs);

it('a writer that repeats itself until it is told has each event once, in order, whatever fails', async () => {
  const fault = fc.constantFrom<AppendFault>(
    'drop the connection before the write',
    'drop the connection after the write',
    'time out before the write',
    'time out after the write',
    'no answer, nothing written',
    'no answer after the write',
    'not ready',
  );
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(fault, { maxLength: 2 }), { minLength: 1, maxLength: 5 }), async (steps) => {
      const stream = `repeated/${(runs += 1)}`;
      for (const [revision, faults] of steps.entries()) {
        for (const each of faults) double.faults.next(each, stream);
        const batch = [{ stream, expectedRevision: revision - 1, events: [event(`${stream}/${revision}`)] }];
        for (let outcomes: readonly AppendOutcome[] | undefined; !outcomes; ) {
          outcomes = await impatient.append(batch).catch((error: unknown) => (error instanceof AppendFailed ? undefined : Promise.reject(error)));
          if (outcomes) expect(outcomes).toEqual([{ stream, appended: true, revision }]);
        }
      }
      const ids: string[] = [];
      for await (const { id } of impatient.readStream(stream)) ids.push(id);
      expect(ids).toEqual(steps.map((_, revision) => `${stream}/${revision}`));
    }),
    { numRuns: 25 },
  );
}, timeoutMs);
