import { startKafka } from '@kwota/kafka/kafka-broker';
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { GroupConsumer, timingsOf } from './group-consumer.js';
import type { KafkaMessaging } from './kafka-messaging.js';
import { facts, messageTo, more, openUnderTest, until, work } from './kafka-under-test.js';

const timeoutMs = 90_000;
const moveMsMax = 30_000;

const broker = await startKafka();
const brokers = broker?.brokers ?? [];
const onKafka = broker ? it : it.skip;

const workspace = fileURLToPath(new URL('../../..', import.meta.url));
const program = fileURLToPath(new URL('members.process.ts', import.meta.url));
const topics = [work, more, facts];
const allPartitions = [0, 1, 2, 3, 4, 5, 6, 7];

type Told = { partitions: number[]; gained: number[]; lost: number[] } | { topic: string; partition: number; value: number };
type Member = { child: ChildProcess; partitions: number[]; gained: number[][]; handled: { topic: string; partition: number; value: number; had: boolean; assignments: number }[] };

const running: Member[] = [];
afterAll(async () => {
  for (const { child } of running) child.kill('SIGKILL');
  await broker?.close();
});

const startMember = (namespace: string): Member => {
  const child = spawn(process.execPath, ['--conditions=@kwota/source', '--import', '@swc-node/register/esm-register', program, brokers.join(), namespace], {
    cwd: workspace,
    env: { ...process.env, SWC_NODE_PROJECT: 'tsconfig.json', NODE_OPTIONS: '--no-warnings' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const member: Member = { child, partitions: [], gained: [], handled: [] };
  createInterface(child.stdout).on('line', (line) => {
    const told = JSON.parse(line) as Told;
    if ('topic' in told) member.handled.push({ ...told, had: member.partitions.includes(told.partition), assignments: member.gained.length });
    else {
      member.partitions = told.partitions;
      member.gained.push(told.gained);
    }
  });
  running.push(member);
  return member;
};

const sharesOf = (members: readonly Member[]): number[][] => members.map(({ partitions }) => partitions.toSorted());
const areShared = (members: readonly Member[]): boolean => {
  const shares = sharesOf(members);
  const sizes = shares.map(({ length }) => length);
  return shares.flat().toSorted().join() === allPartitions.join() && Math.max(...sizes) - Math.min(...sizes) <= 1;
};

onKafka(
  'three processes that consume three topics have the same partitions of each; those of one that dies or stalls move to the others, and back',
  async () => {
    const namespace = 'members';
    const publisher = await openUnderTest(brokers, namespace);
    let value = 0;
    /** One message to each partition of each topic; handled, and by whom? */
    const isHandledBy = async (members: readonly Member[]): Promise<void> => {
      value += 1;
      const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
      await publisher.publish(topics.flatMap((topic) => keys.map((key) => messageTo(topic, key, value))));
      const times = (topic: string): number => members.flatMap(({ handled }) => handled).filter((one) => one.topic === topic && one.value === value).length;
      await until(() => topics.every((topic) => times(topic) >= keys.length), moveMsMax, () => topics.map(times));
    };

    const members = [startMember(namespace), startMember(namespace), startMember(namespace)];
    const [first, second, third] = members as [Member, Member, Member];
    await until(() => areShared(members), moveMsMax, () => sharesOf(members));
    await isHandledBy(members);
    for (const { handled } of members) expect(handled.filter(({ had }) => !had)).toEqual([]);

    const kept = [first.partitions, second.partitions];
    third.child.kill('SIGKILL');
    await until(() => areShared([first, second]), moveMsMax, () => sharesOf(members));
    for (const [index, partitions] of kept.entries()) expect(members[index]?.partitions).toEqual(expect.arrayContaining(partitions));
    await isHandledBy([first, second]);

    const fourth = startMember(namespace);
    await until(() => areShared([first, second, fourth]), moveMsMax, () => sharesOf([first, second, fourth]));
    await isHandledBy([first, second, fourth]);

    second.child.kill('SIGSTOP');
    await until(() => areShared([first, fourth]), moveMsMax, () => sharesOf([first, fourth]));
    await isHandledBy([first, fourth]);
    const whileItStalled = value;
    const gainedBefore = second.gained.length;
    second.child.kill('SIGCONT');
    await until(() => second.gained.length > gainedBefore && areShared([first, second, fourth]), moveMsMax, () => sharesOf([first, second, fourth]));
    // Others have had them: it must not go on with what it remembers.
    expect(second.gained.at(-1)?.toSorted()).toEqual(second.partitions.toSorted());
    await isHandledBy([first, second, fourth]);
    // What was given back to it may come again, if the position was not written yet when it moved.
    expect(second.handled.filter(({ value: one, assignments }) => one === whileItStalled && assignments === gainedBefore)).toEqual([]);
    await publisher.close();
  },
  timeoutMs,
);

onKafka(
  'a member whose consumer falls for good gets another one, and nothing is skipped',
  async () => {
    const publisher = await openUnderTest(brokers, 'falling');
    const count = 20;
    await publisher.publish(Array.from({ length: count }, (_, index) => messageTo(work, 'a', index)));
    const offsets: string[] = [];
    const fallen: string[] = [];
    let falls = 2;
    const consumer = new GroupConsumer({
      client: { brokers, clientId: 'falling' },
      groupId: 'falling',
      topics: [`falling.${work}`],
      timings: timingsOf({ sessionTimeoutMs: 2_000, heartbeatMs: 300 }),
      gate: Promise.resolve(),
      listener: {
        onJoin: () => {},
        onBatch: async ({ batch }) => {
          // What kafkajs counts as a bug, and never restarts after.
          if ((falls -= 1) >= 0) throw new TypeError('fallen');
          offsets.push(...batch.messages.map(({ offset }) => offset));
        },
        onRebalancing: () => {},
        onQuiet: () => {},
        onLeft: (error) => void fallen.push(error instanceof Error ? error.message : ''),
      },
    });
    await until(() => offsets.length >= count, moveMsMax, () => [offsets.length, fallen]);
    expect(fallen).toEqual(['fallen', 'fallen']);
    expect(consumer.restarts).toBe(2);
    expect(offsets).toEqual(Array.from({ length: count }, (_, index) => String(index)));
    await consumer.close();
    await publisher.close();
  },
  timeoutMs,
);

onKafka(
  'two members in one process never handle one partition at once, also while partitions move between them',
  async () => {
    const messaging: KafkaMessaging = await openUnderTest(brokers, 'twins');
    const underWay = new Set<string>();
    const handled: number[] = [];
    let met = 0;
    const handle = async (batch: readonly { key: string; value: string | null }[]): Promise<void> => {
      const key = batch[0]?.key ?? '';
      if (underWay.has(key)) met += 1;
      underWay.add(key);
      await new Promise((resolve) => setTimeout(resolve, 150));
      handled.push(...batch.map(({ value }) => Number(value)));
      underWay.delete(key);
    };
    await messaging.subscribe({ topic: work, group: 'g', kind: 'shared', handle });
    const numbers = Array.from({ length: 60 }, (_, index) => index);
    const published = (async () => {
      for (const number of numbers) {
        await messaging.publish([messageTo(work, `key-${number % 6}`, number)]);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    const second = await messaging.subscribe({ topic: work, group: 'g', kind: 'shared', handle });
    await second.close();
    await published;
    await messaging.drain();
    expect(met).toBe(0);
    expect([...new Set(handled)].toSorted((one, other) => one - other)).toEqual(numbers);
    await messaging.close();
  },
  timeoutMs,
);
