import { flag, hosts, milliseconds, oneOf, optional, readConfig, secret, text, timeZone, wholeNumber } from './config.js';
import { logLevels } from './logger.js';

/** What every service reads from the environment (DESIGN §8). */
export const commonSettings = {
  dataDir: text('KWOTA_DATA_DIR', './data'),
  messaging: oneOf('KWOTA_MESSAGING', ['embedded', 'kafka'], 'embedded'),
  databaseUrl: secret('KWOTA_DATABASE_URL', ''),
  secretKey: secret('KWOTA_SECRET_KEY', ''),
  logLevel: oneOf('KWOTA_LOG_LEVEL', logLevels, 'info'),
  timeZone: timeZone('KWOTA_TIME_ZONE', 'UTC'),
  sendDeadlineMs: milliseconds('KWOTA_SEND_DEADLINE_MS', 5_000),
  shutdownGraceMs: milliseconds('KWOTA_SHUTDOWN_GRACE_MS', 10_000),
} as const;

export const readCommonConfig = (environment: NodeJS.ProcessEnv) => readConfig(environment, commonSettings);
export type CommonConfig = ReturnType<typeof readCommonConfig>;

/** How to reach Kafka, and what its topics look like where they must be created. */
export const kafkaSettings = {
  brokers: hosts('KWOTA_KAFKA_BROKERS'),
  tls: flag('KWOTA_KAFKA_TLS', false),
  /** A file in PEM; the system's authorities where left out. */
  caFile: optional('KWOTA_KAFKA_CA'),
  saslMechanism: oneOf('KWOTA_KAFKA_SASL', ['none', 'plain', 'scram-sha-256', 'scram-sha-512'], 'none'),
  username: optional('KWOTA_KAFKA_USERNAME'),
  password: secret('KWOTA_KAFKA_PASSWORD', ''),
  /** Before the names of topics and groups, where several installations share a cluster. */
  namespace: text('KWOTA_KAFKA_NAMESPACE', ''),
  createTopics: flag('KWOTA_KAFKA_CREATE_TOPICS', true),
  partitionCount: wholeNumber('KWOTA_KAFKA_PARTITIONS', 8, { min: 1, max: 1_000 }),
  /** -1: as the broker has it by default. */
  replicationFactor: wholeNumber('KWOTA_KAFKA_REPLICATION', -1, { min: -1, max: 10 }),
  /** A member that is silent for so long loses its partitions. */
  sessionTimeoutMs: milliseconds('KWOTA_KAFKA_SESSION_TIMEOUT_MS', 6_000),
} as const;

export const readKafkaConfig = (environment: NodeJS.ProcessEnv) => readConfig(environment, kafkaSettings);
export type KafkaConfig = ReturnType<typeof readKafkaConfig>;
