import { Kafka, logLevel, type KafkaConfig, type RetryOptions } from 'kafkajs';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Handed through to kafkajs. */
export type KafkaSecurity = Readonly<Pick<KafkaConfig, 'ssl' | 'sasl'>>;

/** What kafkajs says, without what it says it about: never a message's content. */
export type KafkaLog = (line: Readonly<{ level: 'error' | 'warn' | 'info' | 'debug'; message: string }>) => void;

export type KafkaClientOptions = Readonly<{ brokers: readonly string[]; clientId: string; security?: KafkaSecurity; log?: KafkaLog }>;

export type KafkaClient = Readonly<{
  kafka: Kafka;
  /** Ends what is under way and what still tries to reach a broker: kafkajs would go on for as long as its retries last, and keep the process up. */
  giveUp: () => void;
}>;

export type ClientTimeouts = Readonly<{ retry: RetryOptions; requestTimeoutMs: number; connectionTimeoutMs?: number }>;

const connectionTimeoutMs = 1_000;
const keepAliveMs = 60_000;

/** One for each producer, member and look: kafkajs shares what it knows of a group between the consumers of one client, and they trip over it. */
export const openClient = ({ brokers, clientId, security, log }: KafkaClientOptions, timeouts: ClientTimeouts): KafkaClient => {
  let givenUp = false;
  const sockets = new Set<Socket>();
  const kafka = new Kafka({
    // A list without brokers is the one error that kafkajs does not try to get over.
    brokers: () => (givenUp ? [] : [...brokers]),
    clientId,
    connectionTimeout: timeouts.connectionTimeoutMs ?? connectionTimeoutMs,
    requestTimeout: timeouts.requestTimeoutMs,
    retry: timeouts.retry,
    ...security,
    logLevel: log ? logLevel.WARN : logLevel.NOTHING,
    logCreator: () => (entry) => log?.({ level: levelOf(entry.level), message: `${entry.namespace}: ${entry.log.message}` }),
    // kafkajs leaves Nagle's algorithm on: small requests, one after the other, would wait for acknowledgements of TCP.
    socketFactory: ({ host, port, ssl, onConnect }) => {
      if (givenUp) throw new Error('given up');
      const name = isIP(host) ? {} : { servername: host };
      const socket = ssl ? connectTls({ host, port, ...name, ...ssl }, onConnect) : connectPlain({ host, port }, onConnect);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      return socket.setNoDelay(true).setKeepAlive(true, keepAliveMs);
    },
  });
  const giveUp = (): void => {
    givenUp = true;
    for (const socket of sockets) socket.destroy(new Error('given up'));
  };
  return { kafka, giveUp };
};

const levelOf = (level: logLevel): 'error' | 'warn' | 'info' | 'debug' =>
  level === logLevel.ERROR ? 'error' : level === logLevel.WARN ? 'warn' : level === logLevel.INFO ? 'info' : 'debug';
