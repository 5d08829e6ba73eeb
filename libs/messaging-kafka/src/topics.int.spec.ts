import { startKafka } from '@kwota/kafka/kafka-broker';
import { ConfigResourceTypes } from 'kafkajs';
import { messageTo, openUnderTest, sleep, topicsUnderTest, until, work } from './kafka-under-test.js';
import { applyTopics, planTopics, readTopics, tellDifference, wantedTopics, withAdmin } from './topics.js';

const timeoutMs = 60_000;
const soonMs = 15_000;

const broker = await startKafka();
const brokers = broker?.brokers ?? [];
const onKafka = broker ? it : it.skip;
afterAll(() => broker?.close());

const client = { brokers, clientId: 'test' };

onKafka(
  'what is missing is created, what differs is set, what an operator has set stays, and then nothing is left to do',
  async () => {
    const wanted = wantedTopics(topicsUnderTest, 8, 'apply.');
    await withAdmin(client, async (admin) => {
      const differences = async () => planTopics(wanted, await readTopics(admin, wanted, true));
      /** The broker answers before it has taken over what its controller decided. */
      const eventually = async (expected: readonly string[]): Promise<void> => {
        let told: string[] = [];
        for (const untilMs = performance.now() + soonMs; performance.now() < untilMs; await sleep(50)) {
          told = (await differences()).map(tellDifference);
          if (told.join() === expected.join()) return;
        }
        expect(told).toEqual(expected);
      };
      expect((await differences()).map(({ kind }) => kind)).toEqual(wanted.map(() => 'missing'));
      expect(await applyTopics(admin, await differences())).toEqual([]);
      await eventually([]);

      const byHand = [
        { name: 'retention.ms', value: '1000' },
        { name: 'max.message.bytes', value: '2000000' },
      ];
      await admin.alterConfigs({ validateOnly: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: `apply.${work}`, configEntries: byHand }] });
      await eventually([
        `topic apply.${work} has other settings: cleanup.policy is not set, not delete, retention.ms is 1000, not 86400000`,
      ]);
      await applyTopics(admin, await differences());
      await eventually([]);
      expect((await readTopics(admin, wanted, true)).get(`apply.${work}`)?.settings).toMatchObject({ 'max.message.bytes': '2000000' });
    });
  },
  timeoutMs,
);

onKafka(
  'a topic with another number of partitions keeps a service from being ready, by name and numbers, until somebody mends it',
  async () => {
    await withAdmin(client, (admin) => admin.createTopics({ waitForLeaders: true, topics: [{ topic: `count.${work}`, numPartitions: 3 }] }));
    const messaging = await openUnderTest(brokers, 'count');
    const published = messaging.publish([messageTo(work, 'a', 1)]);
    const reason = `topic count.${work} has 3 partitions, and keys need it to have 8`;
    await until(() => messaging.health().reasons.includes(reason), soonMs, () => messaging.health());
    await withAdmin(client, (admin) => admin.createPartitions({ topicPartitions: [{ topic: `count.${work}`, count: 8 }] }));
    await published;
    await until(() => messaging.health().ready, soonMs, () => messaging.health());
    await messaging.close();
  },
  timeoutMs,
);

onKafka(
  'a service that may not create topics says who does, and goes on when they are there',
  async () => {
    const messaging = await openUnderTest(brokers, 'apart', { createTopics: false });
    await until(() => messaging.health().reasons.join().includes(`topic apart.${work} is not there: kwota topics apply creates it`), soonMs, () => messaging.health());
    const wanted = wantedTopics(topicsUnderTest, 8, 'apart.');
    await withAdmin(client, async (admin) => applyTopics(admin, planTopics(wanted, await readTopics(admin, wanted, true))));
    await messaging.ready();
    expect(messaging.health()).toEqual({ ready: true, reasons: [] });
    await messaging.close();
  },
  timeoutMs,
);

onKafka(
  'a topic that no contract names is refused, and so is a message that is too large, alone',
  async () => {
    const messaging = await openUnderTest(brokers, 'refused');
    await expect(messaging.publish([messageTo('nobody.v1', 'a', 1)])).rejects.toThrow('no topic nobody.v1');
    const large = (bytes: number) => messaging.publish([messageTo(work, 'a', 'x'.repeat(bytes))]);
    const published = await Promise.allSettled([large(10), large(2_000_000), large(900_000), large(10)]);
    expect(published.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    await messaging.close();
  },
  timeoutMs,
);
