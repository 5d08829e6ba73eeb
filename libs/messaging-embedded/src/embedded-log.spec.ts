import { deadLetterTopicOf, type IncomingMessage, type OutgoingMessage, type TopicDefinition } from '@kwota/messaging';
import { UnknownVersion } from '@kwota/messaging/failures';
import { SyncFailed } from '@kwota/service-kit/group-sync';
import { DurableDatabase, GroupSyncedDatabase } from '@kwota/service-kit/sqlite';
import { jest } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedMessaging, type EmbeddedMessagingOptions, type Trouble } from './embedded-messaging.js';
import { queuedMax } from './lane.js';

const dayMs = 24 * 60 * 60 * 1_000;
const work = 'kwota.work.v1';
const other = 'kwota.other.v1';
const facts = 'kwota.facts.v1';
const topics: readonly TopicDefinition[] = [
  ...[work, other].flatMap((topic) => [topic, deadLetterTopicOf(topic)]).map((topic) => ({ topic, kept: { kind: 'for', retentionMs: 14 * dayMs } as const })),
  { topic: facts, kept: { kind: 'compacted' } },
];

const folder = mkdtempSync(join(tmpdir(), 'kwota-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

let time = Date.parse('2030-01-01T00:00:00Z');
let files = 0;
const newPath = (): string => join(folder, `${(files += 1)}.db`);
const open = (path: string, options: Partial<EmbeddedMessagingOptions> = {}): Promise<EmbeddedMessaging> =>
  EmbeddedMessaging.open({ path, topics, nowMs: () => time, backoff: { firstMs: 1, maxMs: 2 }, ...options });

const message = (value: string | null, topic = work, key = 'account-a'): OutgoingMessage => ({ topic, key, value, headers: {} });
const collect = async (messaging: EmbeddedMessaging, topic = work, group = 'kwota.test', kind: 'shared' | 'broadcast' = 'shared') => {
  const handled: (string | null)[] = [];
  const handle = async (batch: readonly IncomingMessage[]): Promise<void> => void handled.push(...batch.map(({ value }) => value));
  const subscription = await messaging.subscribe({ topic, group, kind, handle });
  return { handled, subscription };
};
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

describe('the file', () => {
  it('is held by one process: a second one who opens it is told so at once', async () => {
    const path = newPath();
    const messaging = await open(path);
    await expect(open(path)).rejects.toThrow('in use by another process');
    await messaging.close();
    await (await open(path)).close();
  });

  it('of another number of partitions is refused: keys would change their places', async () => {
    const path = newPath();
    await (await open(path)).close();
    await expect(open(path, { partitionCount: 4 })).rejects.toThrow('created with 8 partitions, not 4');
    await (await open(path)).close();
  });

  it('of another format is refused', async () => {
    const path = newPath();
    const database = new DurableDatabase(path);
    database.exec('CREATE TABLE commits (first INTEGER PRIMARY KEY)');
    database.close();
    await expect(open(path)).rejects.toThrow('of format 0');
  });

  it('takes what waits in one commit', async () => {
    const messaging = await open(newPath());
    await Promise.all(numbers(100).map((value) => messaging.publish([message(value), message(value, other)])));
    expect(messaging.stats).toMatchObject({ published: 200, commits: 1 });
    await messaging.close();
  });

  it('of which the disk did not take a commit is told so to its publishers, hands nothing on, takes nothing more and is not ready, until it is opened anew', async () => {
    const path = newPath();
    const messaging = await open(path);
    const { handled } = await collect(messaging);
    await messaging.publish([message('before')]);
    const disk = jest.spyOn(GroupSyncedDatabase.prototype, 'synced').mockRejectedValueOnce(new SyncFailed(new Error('EIO')));
    await expect(messaging.publish([message('lost')])).rejects.toThrow('could not be written');
    disk.mockRestore();
    await expect(messaging.publish([message('after')])).rejects.toThrow('restart');
    expect(messaging.health()).toEqual({ ready: false, reasons: [expect.stringContaining('restart')] });
    await messaging.drain();
    expect(handled).toEqual(['before']);
    await messaging.close();
    const again = await open(path);
    expect(again.health().ready).toBe(true);
    await again.close();
  });

  it('waits for the disk before it tells a publisher or hands on, and gathers meanwhile', async () => {
    const messaging = await open(newPath());
    const { handled } = await collect(messaging);
    let end = (): void => undefined;
    jest.spyOn(GroupSyncedDatabase.prototype, 'synced').mockImplementationOnce(() => new Promise((resolve) => (end = resolve)));
    const told: string[] = [];
    const publish = (value: string): Promise<unknown> => messaging.publish([message(value)]).then(() => told.push(value));
    const first = publish('1');
    await turns(20);
    const others = Promise.all(numbers(100).map(publish));
    await turns(20);
    expect([told, handled, messaging.read(work, 0, 10)]).toEqual([[], [], []]);
    end();
    await first;
    await others;
    await messaging.drain();
    expect(handled).toEqual(['1', ...numbers(100)]);
    expect(messaging.stats.commits).toBe(2);
    await messaging.close();
  });

  it('gives keys, headers, texts of any script and times back as they came', async () => {
    const path = newPath();
    const sent: OutgoingMessage = { topic: work, key: 'Ünï "key"', value: '{"text":"☎ “Grüße” \\u0000 𝄞"}', headers: { ce_type: 'ä"b', traceparent: '00-1' } };
    const before = await open(path);
    await before.publish([message('x', other, '𝄞'), sent, message('y', other)]);
    await before.close();
    const after = await open(path);
    expect(after.read(work, 0, 10)).toMatchObject([{ ...sent, timestampMs: time, offset: 2 }]);
    expect(after.read(other, 2, 10).map(({ value, offset }) => [value, offset])).toEqual([['y', 3]]);
    await after.close();
  });
});

describe('the content of a message', () => {
  it('goes over as it is to who is there, and as its text to who comes later', async () => {
    const messaging = await open(newPath());
    const received: IncomingMessage[] = [];
    const subscribe = (group: string) => messaging.subscribe({ topic: work, group, kind: 'shared', handle: async (batch) => void received.push(...batch) });
    await subscribe('kwota.present');
    const content = { text: 'one' };
    await messaging.publish([{ ...message(JSON.stringify(content)), content }]);
    await messaging.drain();
    await subscribe('kwota.later');
    await messaging.drain();
    expect(received.map(({ value }) => value)).toEqual(['{"text":"one"}', '{"text":"one"}']);
    expect(received[0]?.content).toBe(content);
    expect(received[1]?.content).toBeUndefined();
    await messaging.close();
  });
});

describe('a group that lags', () => {
  it('by more than the memory may hold reads on from the file: nothing is skipped, repeated or out of order', async () => {
    const messaging = await open(newPath());
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const handled: (string | null)[] = [];
    await messaging.subscribe({
      topic: work,
      group: 'kwota.slow',
      kind: 'shared',
      handle: async (batch) => {
        await held;
        handled.push(...batch.map(({ value }) => value));
      },
    });
    const count = queuedMax + 12_345;
    const all = numbers(count + 10);
    for (let from = 0; from < count; from += 2_500) await messaging.publish(all.slice(from, Math.min(count, from + 2_500)).flatMap((value) => [message(value), message(value, other)]));
    expect(messaging.lags().get(`kwota.slow ${work}`)).toBeGreaterThan(count - 2_600);
    release();
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const value of all.slice(count)) await messaging.publish([message(value)]);
    await messaging.drain();
    expect(handled).toEqual(all);
    expect(messaging.lags().get(`kwota.slow ${work}`)).toBe(0);
    expect(messaging.handled().get(`kwota.slow ${work}`)).toBe(all.length);
    await messaging.close();
  });

  it('on a compacted topic with more keys than the memory may hold gets the latest of each', async () => {
    const messaging = await open(newPath());
    const keys = numbers(queuedMax + 500);
    await messaging.publish(keys.map((key) => message('old', facts, `account-a|${key}`)));
    await messaging.publish(keys.map((key) => message(key, facts, `account-a|${key}`)));
    await messaging.publish([message(null, facts, 'account-a|7')]);
    const { handled, subscription } = await collect(messaging, facts, 'gateway', 'broadcast');
    await subscription.caughtUp();
    expect(handled).toEqual(keys.filter((key) => key !== '7'));
    await messaging.close();
  });
});

describe('a group of a compacted topic', () => {
  it('gets after a restart what changed since its position, tombstones too', async () => {
    const path = newPath();
    const before = await open(path);
    const first = await collect(before, facts);
    await before.publish([message('1', facts, 'a|1'), message('1', facts, 'a|2')]);
    await before.drain();
    await first.subscription.close();
    await before.publish([message('2', facts, 'a|1'), message('3', facts, 'a|1'), message(null, facts, 'a|2')]);
    await before.close();
    const after = await open(path);
    const second = await collect(after, facts);
    await after.drain();
    expect([first.handled, second.handled]).toEqual([
      ['1', '1'],
      ['3', null],
    ]);
    await after.close();
  });
});

describe('retention', () => {
  it('erases what is older than the longest time that a topic is kept, its text too, and offsets go on', async () => {
    const path = newPath();
    const before = await open(path);
    await before.publish([message('"a text to be erased"'), message('"kept for ever"', facts, 'a|1')]);
    await before.close();
    time += 15 * dayMs;
    const after = await open(path);
    expect(after.read(work, 0, 10)).toEqual([]);
    await after.publish([message('new')]);
    expect(after.read(work, 0, 10).map(({ offset }) => offset)).toEqual([3]);
    const { handled, subscription } = await collect(after, facts, 'gateway', 'broadcast');
    await subscription.caughtUp();
    expect(handled).toEqual(['"kept for ever"']);
    await after.close();
    expect(readFileSync(path).includes('a text to be erased')).toBe(false);
  });

  it('stops a group whose next message was erased, loudly, and does not stop one that had read it', async () => {
    const path = newPath();
    const before = await open(path);
    const [lagging, idle] = [await collect(before, work, 'kwota.lagging'), await collect(before, work, 'kwota.idle')];
    await before.publish([message('1')]);
    await before.drain();
    await lagging.subscription.close();
    await before.publish([message('2'), message('1', other)]);
    await before.drain();
    await idle.subscription.close();
    await before.close();

    time += 15 * dayMs;
    const troubles: Trouble[] = [];
    const after = await open(path, { onTrouble: (trouble) => troubles.push(trouble) });
    const [stopped, going] = [await collect(after, work, 'kwota.lagging'), await collect(after, work, 'kwota.idle')];
    await after.publish([message('3')]);
    await after.drain();
    expect([stopped.handled, going.handled]).toEqual([[], ['3']]);
    expect(after.health()).toMatchObject({ ready: false, reasons: [expect.stringMatching(/kwota\.lagging stands still on kwota\.work\.v1\/\d: its position \d is gone/)] });
    expect(troubles).toMatchObject([{ kind: 'stopped', group: 'kwota.lagging', topic: work }]);
    await after.close();
  });
});

describe('positions', () => {
  it('of a group that stopped at a later version stay before it: a newer program goes on there', async () => {
    const path = newPath();
    const before = await open(path);
    await before.subscribe({
      topic: work,
      group: 'kwota.test',
      kind: 'shared',
      handle: async (batch) => {
        if (batch.some(({ value }) => value === 'v2')) throw new UnknownVersion('v2');
      },
    });
    await before.publish(['v1', 'v2', 'v1 again'].map((value) => message(value)));
    await before.drain();
    await before.close();
    const newer = await open(path);
    const { handled } = await collect(newer);
    await newer.drain();
    expect(handled).toEqual(['v2', 'v1 again']);
    await newer.close();
  });

  it('are kept when a member leaves and another one comes at once', async () => {
    const messaging = await open(newPath());
    const first = await collect(messaging);
    await messaging.publish(numbers(10).map((value) => message(value)));
    const closing = first.subscription.close();
    const second = await collect(messaging);
    await closing;
    await messaging.publish([message('10')]);
    await messaging.drain();
    expect([...first.handled, ...second.handled]).toEqual(numbers(11));
    await messaging.close();
  });
});

it('after it is closed nothing is taken any more', async () => {
  const messaging = await open(newPath());
  await messaging.close();
  await expect(messaging.publish([message('1')])).rejects.toMatchObject({ name: 'PublishFailed' });
  await expect(collect(messaging)).rejects.toThrow('closed');
});
