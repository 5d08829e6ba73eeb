// What is noticed when somebody truncates or deletes streams on the server, and how events lie there.
import { AppendFailed, noStreamYet, type EventToAppend, type StreamAppend } from '@kwota/event-store';
import { KurrentDouble } from './double/kurrent-double.js';
import { EventsMissing, KurrentEventStore } from './kurrent-event-store.js';

const event = (id: string): EventToAppend => ({ id, type: 'Ticked', data: Buffer.from(id), hash: Buffer.alloc(32, id) });
const append = (stream: string, expectedRevision: number, count: number): StreamAppend => ({
  stream,
  expectedRevision,
  events: Array.from({ length: count }, (_, index) => event(`${stream}/${expectedRevision + 1 + index}`)),
});
const idsOf = async (events: AsyncIterable<{ id: string }>): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { id } of events) ids.push(id);
  return ids;
};

let double: KurrentDouble;
let store: KurrentEventStore;
beforeEach(async () => {
  double = await KurrentDouble.start();
  store = await KurrentEventStore.open({ url: double.url });
  await store.append([append('a', noStreamYet, 3)]);
  await store.append([append('b', noStreamYet, 3)]);
});
afterEach(async () => {
  await store.close();
  await double.stop();
});
const name = 'kwota.ledger_events-a';
const reopened = () => KurrentEventStore.open({ url: double.url });

it('a truncated stream is noticed by whoever reads it from before the cut', async () => {
  double.log.truncate(name, 2n);
  await expect(idsOf(store.readStream('a'))).rejects.toThrow(new EventsMissing('revision 0 of a is gone'));
  expect(await idsOf(store.readStream('a', 2))).toEqual(['a/2']);
});

it('a deleted stream is no empty one', async () => {
  double.log.softDelete(name);
  await expect(idsOf(store.readStream('a'))).rejects.toThrow(new EventsMissing('revision 0 of a is gone'));
});

it('a stream deleted for ever is told to readers, and no append to it goes through', async () => {
  double.log.tombstone(name);
  await expect(idsOf(store.readStream('a'))).rejects.toThrow(EventsMissing);
  await expect(store.append([append('a', 2, 1)])).rejects.toThrow(AppendFailed);
});

it('a deleted stream that is begun again goes on from where it was, and the append says so', async () => {
  double.log.softDelete(name);
  const again: StreamAppend = { stream: 'a', expectedRevision: noStreamYet, events: [event('again')] };
  await expect(store.append([again])).rejects.toMatchObject({ name: 'AppendFailed', cause: { message: 'a was deleted: its first event came to be revision 3' } });
});

it('events that were scavenged are noticed by a reader of all, and an auditor reads what is left', async () => {
  double.log.truncate(name, 2n);
  expect(await idsOf(store.readAll())).toHaveLength(6);
  double.log.scavenge();
  const another = await reopened();
  await expect(idsOf(another.readAll())).rejects.toThrow(new EventsMissing('revision 0 of a is gone'));
  await another.close();
  const auditor = await KurrentEventStore.openReadOnly({ url: double.url });
  expect(await idsOf(auditor.readAll())).toEqual(['a/2', 'b/0', 'b/1', 'b/2']);
  await auditor.close();
});

it('who knew a position before notices that another event is there now', async () => {
  expect(await idsOf(store.readAll())).toHaveLength(6);
  double.log.softDelete('kwota.ledger_events-b');
  double.log.scavenge();
  await store.append([append('c', noStreamYet, 1)]);
  double.log.truncate(name, 2n);
  double.log.scavenge();
  await expect(idsOf(store.readAll())).rejects.toThrow(EventsMissing);
});

it('an event lies as the README says: bytes as they were, hash and id in the metadata, an id of version 5', async () => {
  const [first] = double.log.readAll(0n, (stream) => stream === name, 1);
  expect(first).toMatchObject({ stream: name, revision: 0n, id: '57e68fec-9425-5a9e-b80c-af865805aa5d' });
  expect(Buffer.from(first!.data).toString()).toBe('a/0');
  expect(Buffer.from(first!.customMetadata)).toEqual(Buffer.concat([Buffer.of(1), Buffer.alloc(32, 'a/0'), Buffer.from('a/0')]));
  expect(Object.fromEntries(first!.metadata)).toEqual({ type: 'Ticked', 'content-type': 'application/octet-stream' });
});

it('of snapshots and marks the server shows the newest alone', async () => {
  for (const revision of [0, 1, 2]) {
    await store.saveMarks('published', new Map([['a', revision]]));
    await store.saveSnapshot('a', { revision, hash: event(`a/${revision}`).hash, reducerVersion: 1, body: Buffer.from(`${revision}`) });
  }
  for (const kept of ['kwota.ledger_events.marks-published', 'kwota.ledger_events.snapshot-a'])
    expect(double.log.readStream(kept, 'start', 'forwards', 10)).toMatchObject([{ revision: 2n }]);
});

it('marks of many who save at once come to the highest of each', async () => {
  const others = await Promise.all([reopened(), reopened()]);
  await Promise.all([store, ...others].flatMap((each, index) => [1, 2, 3].map((round) => each.saveMarks('published', new Map([['a', 10 * round + index], [`s${index}`, round]])))));
  expect(Object.fromEntries(await store.loadMarks('published'))).toEqual({ a: 32, s0: 3, s1: 3, s2: 3 });
  await Promise.all(others.map((other) => other.close()));
});
