import { encodeEvent } from '@kwota/audit-log';
import type { EventStore, StoredEvent } from '@kwota/event-store';
import type { Messaging, WaitingWork } from '@kwota/messaging';
import { createLogger } from '@kwota/service-kit/logger';
import { FactsRelay, factsReadAheadMax } from './facts.relay.js';
import { streamOf } from './fold-account.js';

const account = 'sms-kw00001-1';
const stored = (revision: number): StoredEvent => ({
  stream: streamOf(account),
  revision,
  position: revision + 1,
  id: `${account}/${revision}`,
  type: 'Ticked',
  data: encodeEvent({ v: 1, account, revision, time: '2030-01-01T00:00:00.000Z', type: 'Ticked', data: { untilMs: 1 }, commandId: 'c', correlationId: 'c', source: null }),
  hash: new Uint8Array(32),
});

/** A topic that takes nothing until it is opened. */
const closedTopic = () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const published: number[] = [];
  const messaging = {
    publish: async (messages: readonly { value: string }[]) => {
      await opened;
      for (const { value } of messages) published.push((JSON.parse(value) as { accountSequence: number }).accountSequence);
    },
    inItsTurn: <Result>(work: () => Promise<Result>) => work(),
  };
  const store = { saveMarks: async () => undefined };
  const relay = new FactsRelay(store as unknown as EventStore, messaging as unknown as Messaging, createLogger('test', 'error', { write: () => undefined }));
  return { relay, published, open };
};

it('accounts are read no further ahead of the topic than so many facts, and all of them come out in order', async () => {
  const { relay, published, open } = closedTopic();
  const waits = Array.from({ length: factsReadAheadMax - 1 }, (_, revision) => relay.catchUp(stored(revision)));
  expect(waits.every((wait) => wait === undefined)).toBe(true);
  const room = relay.catchUp(stored(factsReadAheadMax - 1));
  expect(relay.waiting).toBe(factsReadAheadMax);
  open();
  await room;
  expect(relay.waiting).toBeLessThan(factsReadAheadMax);
  while (relay.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await relay.close();
  expect(published).toEqual(Array.from({ length: factsReadAheadMax }, (_, revision) => revision));
});

it('a relay that stops lets whoever waits for room go on', async () => {
  const { relay, open } = closedTopic();
  let room: Promise<void> | undefined;
  for (let revision = 0; room === undefined; revision += 1) room = relay.catchUp(stored(revision));
  const closed = relay.close();
  await room;
  open();
  await closed;
});

it('facts wait for their turn, and tell how long the oldest of them has waited', async () => {
  const published: string[] = [];
  const waited: number[] = [];
  let begin: () => void = () => undefined;
  const turn = new Promise<void>((resolve) => (begin = resolve));
  const messaging = {
    publish: async (messages: readonly { key: string }[]) => void published.push(...messages.map(({ key }) => key)),
    inItsTurn: async (work: () => Promise<void>, { waitedMs }: WaitingWork) => {
      waited.push(waitedMs());
      await turn;
      return work();
    },
  };
  const store = { saveMarks: async () => undefined };
  const relay = new FactsRelay(store as unknown as EventStore, messaging as unknown as Messaging, createLogger('test', 'error', { write: () => undefined }));
  const time = new Date(Date.now() - 7_000).toISOString();
  const fact = (revision: number) => ({ account, revision, time, event: { type: 'AccountOpened' } as const });
  relay.publish([fact(0)]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  relay.publish([fact(1)]);
  expect([published, waited]).toEqual([[], [expect.any(Number)]]);
  expect(waited[0]).toBeGreaterThanOrEqual(7_000);
  expect(waited[0]).toBeLessThan(8_000);
  begin();
  // What came while they waited is in the same turn.
  await relay.close();
  expect(published).toEqual([account, account]);
  expect(waited).toHaveLength(1);
});
