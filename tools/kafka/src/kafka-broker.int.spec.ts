import { Kafka, logLevel } from 'kafkajs';
import { startKafka } from './kafka-broker.js';

const startTimeoutMs = 120_000;
const broker = await startKafka();
const onKafka = broker ? it : it.skip;
afterAll(() => broker?.close());

const clientOf = (brokers: readonly string[]): Kafka => new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });

/** How many records the topic holds. */
const countOf = async (brokers: readonly string[], topic: string): Promise<number> => {
  const admin = clientOf(brokers).admin();
  await admin.connect();
  try {
    return (await admin.fetchTopicOffsets(topic)).reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  } finally {
    await admin.disconnect();
  }
};

const write = async (brokers: readonly string[], topic: string, value: string): Promise<void> => {
  const producer = clientOf(brokers).producer();
  await producer.connect();
  try {
    await producer.send({ topic, messages: [{ value }] });
  } finally {
    await producer.disconnect();
  }
};

onKafka(
  'what was written is there after an orderly stop and after a kill, on the same port',
  async () => {
    if (!broker) return;
    const admin = clientOf(broker.brokers).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }] });
    await admin.disconnect();
    await write(broker.brokers, 'kept', 'one');
    const firstPid = broker.pid;

    await broker.stop();
    await broker.restart();
    expect(broker.pid).not.toBe(firstPid);
    await write(broker.brokers, 'kept', 'two');

    await broker.kill();
    await broker.restart();
    expect(await countOf(broker.brokers, 'kept')).toBe(2);
  },
  startTimeoutMs,
);

onKafka(
  'a topic that nobody created is refused',
  async () => {
    if (!broker) return;
    const producer = new Kafka({ brokers: [...broker.brokers], logLevel: logLevel.NOTHING, retry: { retries: 0 } }).producer();
    await producer.connect();
    await expect(producer.send({ topic: 'nobody', messages: [{ value: 'x' }] })).rejects.toThrow();
    await producer.disconnect();
  },
  startTimeoutMs,
);

onKafka(
  'a broker that was closed is gone',
  async () => {
    const passing = await startKafka();
    if (!passing) return;
    const { pid } = passing;
    const isAlive = (): boolean => process.kill(pid, 0);
    expect(isAlive()).toBe(true);
    await passing.close();
    expect(isAlive).toThrow('ESRCH');
  },
  startTimeoutMs,
);
