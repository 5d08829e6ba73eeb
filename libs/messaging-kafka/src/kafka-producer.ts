import { Partitioners } from 'kafkajs';
import type { ProducerConnection } from './gathering-producer.js';
import { openClient, type KafkaClientOptions } from './kafka-client.js';

/** Through an outage of some 100 s; a request that is sent again is written once. */
const retry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 100 };
const requestTimeoutMs = 5_000;
const disconnectMsMax = 500;

/** An idempotent producer: what is sent again after an outage is not written twice, and keeps its order. */
export const openProducer = (options: KafkaClientOptions): ProducerConnection => {
  const { kafka, giveUp } = openClient(options, { retry, requestTimeoutMs });
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    // It keeps the partition that the message names.
    createPartitioner: Partitioners.DefaultPartitioner,
    retry,
  });
  return {
    connect: () => producer.connect(),
    sendBatch: (batch) => producer.sendBatch(batch),
    disconnect: async () => {
      const disconnected = producer.disconnect().catch(() => {});
      // It waits for requests that are out, for as long as their time-outs are.
      await Promise.race([disconnected, new Promise((resolve) => setTimeout(resolve, disconnectMsMax).unref())]);
      giveUp();
    },
  };
};
