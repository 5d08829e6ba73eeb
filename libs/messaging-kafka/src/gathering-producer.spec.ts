import { GatheringProducer, waitingMessagesMax, type OutgoingRecord, type ProducerConnection } from './gathering-producer.js';

const record = (value: string, bytes = 100, topic = 'work.v1'): OutgoingRecord => ({ topic, partition: 0, message: { key: 'a', value, partition: 0 }, bytes });
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A broker that notes each request, by the producer that it came from, and answers when it is let. */
const brokerWith = (answer: (request: number) => Promise<unknown> = async () => {}) => {
  const requests: { producer: number; values: unknown[] }[] = [];
  let producers = 0;
  const ended: number[] = [];
  const open = (): ProducerConnection => {
    const producer = (producers += 1);
    return {
      connect: async () => {},
      sendBatch: async ({ topicMessages }) => {
        requests.push({ producer, values: topicMessages.flatMap(({ messages }) => messages.map(({ value }) => value)) });
        await answer(requests.length);
      },
      disconnect: async () => void ended.push(producer),
    };
  };
  return { requests, ended, open };
};

const producers: GatheringProducer[] = [];
const producerOn = (open: () => ProducerConnection, options: { gate?: Promise<void>; waitingMsMax?: number } = {}): GatheringProducer => {
  const producer = new GatheringProducer({ open, gate: Promise.resolve(), nowMs: () => performance.now(), ...options });
  producers.push(producer);
  return producer;
};
afterEach(() => Promise.all(producers.splice(0).map((producer) => producer.close(0))));

it('what gathers while a request is out leaves in the next one, in order', async () => {
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const { requests, open } = brokerWith((request) => (request === 1 ? held : Promise.resolve()));
  const producer = producerOn(open);
  const first = Promise.all([producer.publish([record('1')]), producer.publish([record('2')])]);
  await sleep(5);
  const second = Promise.all(['3', '4', '5'].map((value) => producer.publish([record(value)])));
  letGo();
  await Promise.all([first, second]);
  expect(requests.map(({ values }) => values)).toEqual([['1', '2'], ['3', '4', '5']]);
  expect([producer.published, producer.requests]).toEqual([5, 2]);
});

it('a request that failed rejects its own publishers; the next goes over a new producer, or its sequence numbers would hide it', async () => {
  const { requests, ended, open } = brokerWith(async (request) => {
    if (request === 1) throw new Error('broken');
  });
  const producer = producerOn(open);
  await expect(producer.publish([record('1')])).rejects.toThrow('Kafka did not take the messages');
  expect(producer.lastFailure).toBe('Error');
  await producer.publish([record('2')]);
  expect(requests.map((request) => request.producer)).toEqual([1, 2]);
  expect(ended).toEqual([1]);
  expect(producer.lastFailure).toBeUndefined();
});

it('a call larger than a request is told when all of it is there', async () => {
  const { requests, open } = brokerWith();
  const values = Array.from({ length: 12 }, (_, index) => String(index));
  await producerOn(open).publish(values.map((value) => record(value, 100_000)));
  expect(requests.map(({ values: { length } }) => length)).toEqual([5, 5, 2]);
  expect(requests.flatMap((request) => request.values)).toEqual(values);
});

it('when a part of a large call failed the rest of it does not leave', async () => {
  const { requests, open } = brokerWith(async (request) => {
    if (request === 1) throw new Error('broken');
  });
  const producer = producerOn(open);
  const large = producer.publish(Array.from({ length: 12 }, (_, index) => record(String(index), 100_000)));
  const other = producer.publish([record('other')]);
  await expect(large).rejects.toThrow('did not take');
  await other;
  expect(requests.map(({ values: { length } }) => length)).toEqual([5, 1]);
});

it('a message that no broker takes rejects its own publisher alone', async () => {
  const { requests, open } = brokerWith();
  const producer = producerOn(open);
  const other = producer.publish([record('1')]);
  await expect(producer.publish([record('2', 1_000_001)])).rejects.toThrow('larger than');
  await other;
  expect(requests.map(({ values }) => values)).toEqual([['1']]);
});

it('while no broker is there so many wait and no more, and none of them too long', async () => {
  const { requests, open } = brokerWith();
  const producer = producerOn(open, { gate: new Promise(() => {}), waitingMsMax: 100 });
  const waiting = producer.publish(Array.from({ length: waitingMessagesMax }, () => record('x')));
  const isTold = expect(waiting).rejects.toThrow('Kafka does not answer');
  await expect(producer.publish([record('y')])).rejects.toThrow(`${waitingMessagesMax} messages wait for Kafka already`);
  await isTold;
  expect([producer.waiting, requests.length]).toEqual([0, 0]);
});

it('a producer that cannot connect is tried again; what waits is not told of it', async () => {
  let failures = 2;
  const { requests, open } = brokerWith();
  const producer = producerOn(() => {
    const connection = open();
    return { ...connection, connect: async () => { if ((failures -= 1) >= 0) throw new Error('away'); } };
  });
  await producer.publish([record('1')]);
  expect(requests.map((request) => request.producer)).toEqual([3]);
});

it('closing lets go of a broker that is only on its way', async () => {
  const { ended, open } = brokerWith();
  const producer = producerOn(() => ({ ...open(), connect: () => new Promise(() => {}) }));
  const published = producer.publish([record('1')]);
  await sleep(5);
  await Promise.all([producer.close(5), expect(published).rejects.toThrow('stopping')]);
  expect(ended).toEqual([1]);
});

it('closing sends what waits, and tells those whom the broker does not answer', async () => {
  const { requests, open } = brokerWith((request) => (request === 1 ? Promise.resolve() : new Promise(() => {})));
  const producer = producerOn(open);
  const first = producer.publish([record('1')]);
  await producer.close(1_000);
  await first;
  await expect(producer.publish([record('2')])).rejects.toThrow('closed');

  const stuck = producerOn(brokerWith(() => new Promise(() => {})).open);
  const published = stuck.publish([record('3')]);
  await Promise.all([stuck.close(20), expect(published).rejects.toThrow('stopping')]);
  expect(requests).toHaveLength(1);
});
