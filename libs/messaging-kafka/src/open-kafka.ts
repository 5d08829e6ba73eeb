// From a service's settings to its connection: what every main.ts names.
import type { KafkaConfig } from '@kwota/service-kit/common-config';
import type { Logger } from '@kwota/service-kit/logger';
import { readFileSync } from 'node:fs';
import type { KafkaClientOptions, KafkaSecurity } from './kafka-client.js';
import { KafkaMessaging } from './kafka-messaging.js';

/** Returns at once, also while no broker answers. @throws Error where KWOTA_KAFKA_CA cannot be read. */
export const openKafka = (config: KafkaConfig, clientId: string, logger: Logger): Promise<KafkaMessaging> => open(config, clientId, logger, 0);

/**
 * For services whose work nobody waits for: Kafka costs by the request, and theirs would take the cores from whoever answers a client. A
 * message may wait so long for others to come along.
 */
export const openGatheringKafka = (config: KafkaConfig, clientId: string, logger: Logger): Promise<KafkaMessaging> => open(config, clientId, logger, gatheringMs);

/** As long as carrier and dlr space their transactions. */
const gatheringMs = 20;

const open = (config: KafkaConfig, clientId: string, logger: Logger, fetchSpacingMs: number): Promise<KafkaMessaging> => {
  const { partitionCount, replicationFactor, namespace, createTopics, sessionTimeoutMs } = config;
  return KafkaMessaging.open({
    ...clientOptionsOf(config, clientId),
    partitionCount,
    replicationFactor,
    namespace,
    createTopics,
    timeouts: { sessionTimeoutMs, fetchSpacingMs },
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
