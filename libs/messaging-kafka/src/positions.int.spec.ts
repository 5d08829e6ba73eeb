import { startKafka } from '@kwota/kafka/kafka-broker';
import type { IncomingMessage } from '@kwota/messaging';
import { partitionOf } from '@kwota/messaging/partition-of';
import type { KafkaMessaging } from './kafka-messaging.js';
import { messageTo, openUnderTest, state, until, work } from './kafka-under-test.js';
import { readCommitted } from './start-positions.js';
import { withAdmin } from './topics.js';

const timeoutMs = 60_000;
const soonMs = 15_000;

const broker = await startKafka();
const brokers = broker?.brokers ?? [];
const onKafka = broker ? it : it.skip;
afterAll(() => broker?.close());

const opened: KafkaMessaging[] = [];
const open = async (namespace: string): Promise<KafkaMessaging> => {
  const messaging = await openUnderTest(brokers, namespace);
  opened.push(messaging);
  return messaging;
};
afterEach(() => Promise.all(opened.splice(0).map((messaging) => messaging.close())));

const client = { brokers, clientId: 'test' };
const partition = partitionOf('a', 8);

/** What retention does after two weeks. Undefined: all that is there. */
const erase = (topic: string, below?: number): Promise<void> =>
  withAdmin(client, async (admin) => {
    // kafkajs's admin erases only where it has looked before.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(below ?? -1) }] });
  });

const committedOf = (namespace: string): Promise<number | undefined> =>
  withAdmin(client, async (admin) => (await readCommitted(admin, `${namespace}.g`, [`${namespace}.${work}`])).get(`${namespace}.${work}`)?.get(partition));

const collect = async (messaging: KafkaMessaging, kind: 'shared' | 'broadcast' = 'shared', topic = work) => {
  const handled: number[] = [];
  const handle = async (batch: readonly IncomingMessage[]): Promise<void> => void handled.push(...batch.map(({ value }) => Number(value)));
  return { handled, subscription: await messaging.subscribe({ topic, group: 'g', kind, handle }) };
};

onKafka(
  'a group whose next message was erased while it was away stands still, each time, and its position stays',
  async () => {
    const first = await open('away');
    const before = await collect(first);
    await first.publish([1, 2, 3].map((number) => messageTo(work, 'a', number)));
    await first.drain();
    await before.subscription.close();
    await first.publish([4, 5, 6].map((number) => messageTo(work, 'a', number)));
    await erase(`away.${work}`, 5);

    for (const attempt of [1, 2]) {
      const messaging = await open('away');
      const { handled } = await collect(messaging);
      await messaging.publish([messageTo(work, 'a', 6 + attempt)]);
      await messaging.drain();
      expect(handled).toEqual([]);
      expect(messaging.health().reasons.join()).toContain(`g stands still on ${work}/${partition}: its position 3 is gone, what is below 5 has been erased`);
      await messaging.close();
    }
    expect(await committedOf('away')).toBe(3);
  },
  timeoutMs,
);

onKafka(
  'a group that is overtaken by erasing while it works stands still where it was, and so it does after a restart',
  async () => {
    const messaging = await open('overtaken');
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const handled: number[] = [];
    let isHandling = false;
    const handle = async (batch: readonly IncomingMessage[]): Promise<void> => {
      isHandling = true;
      await held;
      handled.push(...batch.map(({ value }) => JSON.parse(value ?? '')[0]));
    };
    await messaging.subscribe({ topic: work, group: 'g', kind: 'shared', handle });
    // More than a lane holds, so that it stops fetching.
    const text = 'x'.repeat(100_000);
    for (let number = 0; number < 60; number += 1) await messaging.publish([messageTo(work, 'a', [number, text])]);
    await until(() => isHandling, soonMs);
    await erase(`overtaken.${work}`, 55);
    letGo();
    await until(() => messaging.health().reasons.join().includes('has been erased'), soonMs, () => [messaging.health(), handled.length]);
    expect(handled.length).toBeGreaterThan(0);
    expect(handled.length).toBeLessThan(55);
    expect(handled).toEqual(handled.map((_, index) => index));
    await messaging.close();
    expect(await committedOf('overtaken')).toBe(handled.length);

    const again = await open('overtaken');
    await collect(again);
    expect(again.health().reasons.join()).toContain(`its position ${handled.length} is gone`);
  },
  timeoutMs,
);

onKafka(
  'where all was erased a new group is caught up, and goes on with what comes',
  async () => {
    const messaging = await open('emptied');
    await messaging.publish([1, 2, 3].map((number) => messageTo(work, 'a', number)));
    await erase(`emptied.${work}`);
    const [shared, broadcast] = [await collect(messaging), await collect(messaging, 'broadcast')];
    await Promise.all([shared.subscription.caughtUp(), broadcast.subscription.caughtUp()]);
    await messaging.publish([messageTo(work, 'a', 4)]);
    await messaging.drain();
    expect([shared.handled, broadcast.handled]).toEqual([[4], [4]]);
    expect(messaging.health()).toEqual({ ready: true, reasons: [] });
  },
  timeoutMs,
);

onKafka(
  'a topic that was deleted and made anew is another log: its groups stand still',
  async () => {
    const messaging = await open('anew');
    const { handled } = await collect(messaging);
    await messaging.publish([1, 2, 3].map((number) => messageTo(work, 'a', number)));
    await messaging.drain();
    await messaging.close();
    await withAdmin(client, (admin) => admin.deleteTopics({ topics: [`anew.${work}`] }));
    // A coordinator forgets a deleted topic's positions; this is what a restored backup or an operator's hand leaves.
    const again = await open('anew');
    await again.ready();
    await withAdmin(client, (admin) => admin.setOffsets({ groupId: 'anew.g', topic: `anew.${work}`, partitions: [{ partition, offset: '3' }] }));
    await collect(again);
    expect(handled).toEqual([1, 2, 3]);
    expect(again.health().reasons.join()).toContain('its position 3 is beyond the end 0: this is another log');
  },
  timeoutMs,
);

onKafka(
  'positions are written while it works: after a kill only the last moment would come again',
  async () => {
    const messaging = await open('written');
    await collect(messaging);
    await messaging.publish([1, 2, 3].map((number) => messageTo(work, 'a', number)));
    await messaging.drain();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await committedOf('written')).toBe(3);
  },
  timeoutMs,
);

onKafka(
  'a broadcast that joins again, for another topic too, goes on where it was',
  async () => {
    const messaging = await open('broadcast');
    await messaging.publish([1, 2].map((number) => messageTo(work, 'a', number)));
    const first = await collect(messaging, 'broadcast');
    await first.subscription.caughtUp();
    const other = await collect(messaging, 'broadcast', state);
    await messaging.publish([messageTo(work, 'a', 3), messageTo(state, 'a', 4)]);
    await messaging.drain();
    expect([first.handled, other.handled]).toEqual([[1, 2, 3], [4]]);
    await other.subscription.close();
    await messaging.publish([messageTo(work, 'a', 5), messageTo(state, 'a', 6)]);
    await messaging.drain();
    expect([first.handled, other.handled]).toEqual([[1, 2, 3, 5], [4]]);
  },
  timeoutMs,
);
