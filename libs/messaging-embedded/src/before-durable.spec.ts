// What may be known of messages while the log waits for its disk.
import { jest } from '@jest/globals';
import type { IncomingMessage, OutgoingMessage, TopicDefinition } from '@kwota/messaging';
import { PublishFailed } from '@kwota/messaging/failures';
import { SyncFailed } from '@kwota/service-kit/group-sync';
import { GroupSyncedDatabase } from '@kwota/service-kit/sqlite';
import { EmbeddedLog } from './embedded-log.js';
import { EmbeddedMessaging } from './embedded-messaging.js';

const work = 'kwota.work.v1';
const topics: readonly TopicDefinition[] = [work, `${work}.dead`].map((topic) => ({ topic, kept: { kind: 'for', retentionMs: 1_000 }, isAwaited: true }));
const message = (value: string): OutgoingMessage => ({ topic: work, key: 'account-a', value, headers: {} });

let messaging: EmbeddedMessaging;
beforeEach(async () => {
  messaging = await EmbeddedMessaging.open({ path: ':memory:', topics, backoff: { firstMs: 1, maxMs: 2 } });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await messaging.close();
});

/** The next commit waits until the test lets the disk end, or fail. */
const slowDisk = () => {
  let settle: { end: () => void; fail: (error: Error) => void } | undefined;
  const synced = new Promise<void>((resolve, reject) => (settle = { end: resolve, fail: reject }));
  jest.spyOn(GroupSyncedDatabase.prototype, 'synced').mockImplementationOnce(() => synced);
  return settle!;
};
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
const subscribe = async (group: string, beforeDurable: boolean) => {
  const handled: string[] = [];
  const durable: (Promise<void> | undefined)[] = [];
  const handle = async (batch: readonly IncomingMessage[]): Promise<void> => {
    handled.push(...batch.map(({ value }) => String(value)));
    durable.push(...batch.map((one) => one.durable));
  };
  await messaging.subscribe({ topic: work, group, kind: 'shared', handle, beforeDurable });
  return { handled, durable };
};

describe('a subscriber who asked for messages before they are durable', () => {
  it('has them while the disk works, and is told when they are; others have them then, and nobody twice', async () => {
    const early = await subscribe('early', true);
    const other = await subscribe('other', false);
    const disk = slowDisk();
    let isTold = false;
    const published = messaging.publish([message('1'), message('2')]).then(() => (isTold = true));
    await turns();
    expect([early.handled, other.handled, isTold, messaging.read(work, 0, 10)]).toEqual([['1', '2'], [], false, []]);
    disk.end();
    await Promise.all(early.durable);
    await published;
    await messaging.drain();
    expect([early.handled, other.handled]).toEqual([
      ['1', '2'],
      ['1', '2'],
    ]);
    await messaging.publish([message('3')]);
    await messaging.drain();
    expect(early.handled).toEqual(['1', '2', '3']);
  });

  it('is told where the disk did not take them; others never hear of them', async () => {
    const other = await subscribe('other', false);
    const ends: unknown[] = [];
    const handle = async (batch: readonly IncomingMessage[]): Promise<void> => {
      const end = await Promise.all(batch.map(({ durable }) => durable)).catch((error: unknown) => error);
      ends.push(end);
      throw end;
    };
    await messaging.subscribe({ topic: work, group: 'early', kind: 'shared', handle, beforeDurable: true });
    const disk = slowDisk();
    const published = messaging.publish([message('1')]);
    await turns();
    disk.fail(new SyncFailed(new Error('EIO')));
    await expect(published).rejects.toThrow(PublishFailed);
    await turns();
    expect(ends[0]).toBeInstanceOf(PublishFailed);
    expect(other.handled).toEqual([]);
    expect(messaging.health().ready).toBe(false);
  });

  it('who still reads what lay in the file has them once, behind it', async () => {
    await messaging.publish(Array.from({ length: 2_500 }, (_, index) => message(String(index))));
    const published: Promise<void>[] = [];
    const handled: number[] = [];
    const handle = async (batch: readonly IncomingMessage[]): Promise<void> => {
      handled.push(...batch.map(({ value }) => Number(value)));
      if (handled.length === 1_000) published.push(messaging.publish([message('2500')]));
      await turns();
    };
    const disk = slowDisk();
    await messaging.subscribe({ topic: work, group: 'early', kind: 'shared', handle, beforeDurable: true });
    while (handled.length < 2_500) await turns();
    disk.end();
    await Promise.all(published);
    await messaging.drain();
    expect(handled).toEqual(Array.from({ length: 2_501 }, (_, index) => index));
  });
});

describe('messages that need not be durable at once', () => {
  it('are told of when they are in the file, before the disk has them', async () => {
    const disk = slowDisk();
    let isDurable = false;
    const durable = messaging.publish([message('1')]).then(() => (isDurable = true));
    await messaging.publish([message('2')], { until: 'ordered' });
    expect([isDurable, messaging.stats.commits]).toEqual([false, 0]);
    disk.end();
    await durable;
    expect(messaging.stats).toMatchObject({ commits: 1, published: 2 });
  });

  it('are refused where the file does not take them', async () => {
    jest.spyOn(EmbeddedLog.prototype, 'append').mockImplementationOnce(() => {
      throw Object.assign(new Error('full'), { errstr: 'database or disk is full' });
    });
    await expect(messaging.publish([message('1')], { until: 'ordered' })).rejects.toThrow(PublishFailed);
    await messaging.publish([message('2')]);
    expect(messaging.read(work, 0, 10).map(({ value }) => value)).toEqual(['2']);
  });
});

describe('messages that may linger', () => {
  it('go with the next commit, whoever asked for it', async () => {
    const patient = messaging.publish([message('1')], { lingerMs: 60_000 });
    await turns();
    expect(messaging.stats.published).toBe(0);
    await Promise.all([patient, messaging.publish([message('2')])]);
    expect(messaging.stats).toMatchObject({ commits: 1, published: 2 });
  });

  it('go alone when their time is over', async () => {
    const beganMs = performance.now();
    await messaging.publish([message('1')], { lingerMs: 20 });
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(19);
  });

  it('do not wait where the log is closed', async () => {
    const patient = messaging.publish([message('1')], { lingerMs: 60_000 });
    await messaging.close();
    await patient;
    expect(messaging.stats.published).toBe(1);
  });
});
