// From a service's settings to its connection: what every main.ts names.
import type { KafkaConfig } from '@kwota/service-kit/common-config';
import type { Logger } from '@kwota/service-kit/logger';
import { readFileSync } from 'node:fs';
import type { KafkaClientOptions, KafkaSecurity } from './kafka-client.js';
import { KafkaMessaging } from './kafka-messaging.js';

/** Returns at once, also while no broker answers. @throws Error where KWOTA_KAFKA_CA cannot be read. */
export const openKafka = (config: KafkaConfig, clientId: string, logger: Logger): Promise<KafkaMessaging> => {
  const { partitionCount, replicationFactor, namespace, createTopics, sessionTimeoutMs } = config;
  return KafkaMessaging.open({
    ...clientOptionsOf(config, clientId),
    partitionCount,
    replicationFactor,
    namespace,
    createTopics,
    timeouts: { sessionTimeoutMs },
    // What matters of it is told as trouble and by health: kafkajs calls every answer that it tries again an error.
    log: ({ level, message }) => logger.debug({ level, kafkajs: message }, 'kafkajs'),
    onTrouble: ({ error, ...trouble }) => logger.warn({ ...trouble, error: error instanceof Error ? error.name : 'unknown' }, 'a message is in trouble'),
  });
};

export const clientOptionsOf = (config: KafkaConfig, clientId: string): KafkaClientOptions => {
  const { brokers } = config;
  return { brokers, clientId, security: securityOf(config) };
};

const securityOf = ({ tls, caFile, saslMechanism, username = '', password }: KafkaConfig): KafkaSecurity => ({
  ...(tls || caFile ? { ssl: caFile ? { ca: [readCa(caFile)] } : true } : {}),
  ...(saslMechanism === 'none' ? {} : { sasl: { mechanism: saslMechanism, username, password } as NonNullable<KafkaSecurity['sasl']> }),
});

const readCa = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Error(`KWOTA_KAFKA_CA: ${file} is not a file that can be read`);
  }
};
