import { jest } from '@jest/globals';
import { startKafka } from '@kwota/kafka/kafka-broker';
import { createRequire } from 'node:module';
import type { KafkaMessaging } from './kafka-messaging.js';
import { facts, messageTo, openUnderTest, sleep, until, work } from './kafka-under-test.js';

const timeoutMs = 90_000;
/** kafkajs's own, which its consumers send their heartbeats by. */
const Broker = createRequire(import.meta.url)('kafkajs/src/broker') as { prototype: { heartbeat: () => Promise<unknown> } };
/** Kafka may take long to come back on a machine with other work. */
const backMsMax = 45_000;
const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
const publishEveryMs = 10;

const broker = await startKafka();
const onKafka = broker ? describe : describe.skip;
afterAll(() => broker?.close());

const opened: KafkaMessaging[] = [];
const publishings: { stop: () => Promise<void> }[] = [];
const open = async (namespace: string): Promise<KafkaMessaging> => {
  const messaging = await openUnderTest(broker?.brokers ?? [], namespace);
  opened.push(messaging);
  return messaging;
};
afterEach(async () => {
  broker?.resume();
  const stopped = publishings.splice(0).map((publishing) => publishing.stop());
  await Promise.all(opened.splice(0).map((messaging) => messaging.close()));
  await Promise.all(stopped);
});

/** Counts up on each key for as long as it may; what came back as published, by key. */
const publishUntil = (publish: (key: string, number: number) => Promise<void>) => {
  const acknowledged = new Map<string, number>();
  const failures: unknown[] = [];
  let isOver = false;
  const ended = Promise.all(
    keys.map(async (key) => {
      for (let number = 1; !isOver; number += 1) {
        await publish(key, number).then(
          () => acknowledged.set(key, number),
          (error: unknown) => failures.push(error),
        );
        await sleep(publishEveryMs);
      }
    }),
  );
  const publishing = {
    acknowledged,
    failures,
    stop: async (): Promise<void> => {
      isOver = true;
      await ended;
    },
  };
  publishings.push(publishing);
  return publishing;
};

/** What was handled of each key, in order. */
const collector = () => {
  const byKey = new Map<string, number[]>(keys.map((key) => [key, []]));
  const handle = async (batch: readonly { key: string; value: string | null }[]): Promise<void> => {
    for (const { key, value } of batch) byKey.get(key)?.push(Number(value));
  };
  return { byKey, handle };
};

const upTo = (last: number | undefined): number[] => Array.from({ length: last ?? 0 }, (_, index) => index + 1);
/** Without what came again. */
const firstTimes = (numbers: readonly number[]): number[] => [...new Set(numbers)];

onKafka('while the broker is away', () => {
  it.each([
    ['stopped in good order and started again', 'SIGTERM', async () => { await broker?.stop(); await sleep(1_500); await broker?.restart(); }],
    ['killed and started again', 'SIGKILL', async () => { await broker?.kill(); await sleep(500); await broker?.restart(); }],
    ['there without answering for eight seconds', 'SIGSTOP', async () => { broker?.pause(); await sleep(8_000); broker?.resume(); }],
  ] as const)(
    'one that is %s: nothing acknowledged is lost or written twice, all goes on by itself, and readiness tells',
    async (_, name, outage) => {
      const messaging = await open(name);
      const [shared, broadcast] = [collector(), collector()];
      await messaging.subscribe({ topic: work, group: 'g', kind: 'shared', handle: shared.handle });
      await messaging.subscribe({ topic: work, group: 'b', kind: 'broadcast', handle: broadcast.handle });
      expect(messaging.health()).toEqual({ ready: true, reasons: [] });
      const publishing = publishUntil((key, number) => messaging.publish([messageTo(work, key, number)]));
      await sleep(500);

      const reasons = new Set<string>();
      const watch = setInterval(() => messaging.health().reasons.forEach((reason) => reasons.add(reason)), 100);
      await outage();
      const backMs = performance.now();
      await until(() => messaging.health().ready, backMsMax, () => messaging.health());
      clearInterval(watch);
      const handledBefore = shared.byKey.get('a')?.length ?? 0;
      await until(() => (shared.byKey.get('a')?.length ?? 0) > handledBefore + 20, backMsMax, () => messaging.health());
      process.stdout.write(`${name}: all goes on ${Math.round(performance.now() - backMs)} ms after the broker was back\n`);
      await publishing.stop();
      await messaging.drain();

      expect([...reasons].join()).toContain(`Kafka at ${broker?.brokers.join()} does not answer`);
      expect(publishing.failures).toEqual([]);
      for (const key of keys) {
        const log = upTo(publishing.acknowledged.get(key));
        expect(log.length).toBeGreaterThan(20);
        // It has read the log from its start: what it got is what is there, once each.
        expect(broadcast.byKey.get(key)).toEqual(log);
        expect(firstTimes(shared.byKey.get(key) ?? [])).toEqual(log);
      }
    },
    timeoutMs,
  );

  it(
    'a heartbeat that is lost with its connection: the member is made anew, readiness tells, nothing is lost',
    async () => {
      const messaging = await open('heartbeat');
      const { byKey, handle } = collector();
      await messaging.subscribe({ topic: work, group: 'g', kind: 'shared', handle });
      const publishing = publishUntil((key, number) => messaging.publish([messageTo(work, key, number)]));
      await until(() => (byKey.get('a')?.length ?? 0) > 20, backMsMax, () => messaging.health());
      const lost = jest.spyOn(Broker.prototype, 'heartbeat').mockImplementationOnce(() => new Promise(() => {}));
      await until(() => !messaging.health().ready, backMsMax);
      expect(messaging.health().reasons.join()).toMatch(/has not answered g for \d+ s/);
      await until(() => messaging.health().ready, backMsMax, () => messaging.health());
      const handledBefore = byKey.get('a')?.length ?? 0;
      await until(() => (byKey.get('a')?.length ?? 0) > handledBefore + 20, backMsMax, () => messaging.health());
      await publishing.stop();
      await messaging.drain();

      expect(lost).toHaveBeenCalled();
      expect(messaging.stats.rejoins).toBe(1);
      expect(publishing.failures).toEqual([]);
      for (const key of keys) expect(firstTimes(byKey.get(key) ?? [])).toEqual(upTo(publishing.acknowledged.get(key)));
    },
    timeoutMs,
  );

  it(
    'a service that starts then is not ready and says so; its messages and subscriptions go through when the broker comes',
    async () => {
      await broker?.stop();
      const messaging = await open('early');
      const { byKey, handle } = collector();
      const subscribed = messaging.subscribe({ topic: facts, group: 'g', kind: 'shared', handle });
      const published = messaging.publish([messageTo(facts, 'a', 1)]);
      await until(() => messaging.health().reasons.join().includes('does not answer'), 5_000, () => messaging.health());
      await broker?.restart();
      await subscribed;
      await published;
      await messaging.drain();
      expect(byKey.get('a')).toEqual([1]);
      await until(() => messaging.health().ready, 5_000, () => messaging.health());
    },
    timeoutMs,
  );

  it(
    'closing does not wait for it, and who waits for an answer is told',
    async () => {
      const messaging = await open('closing');
      await messaging.subscribe({ topic: work, group: 'g', kind: 'shared', handle: async () => {} });
      broker?.pause();
      const published = messaging.publish([messageTo(work, 'a', 1)]);
      const beganMs = performance.now();
      await Promise.all([messaging.close(), expect(published).rejects.toThrow('this process is stopping')]);
      expect(performance.now() - beganMs).toBeLessThan(10_000);
    },
    timeoutMs,
  );
});
