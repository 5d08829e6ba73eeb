// A real Kafka in the foreground, for a look at Kwota over it: `npm run kafka`. Its data stay; ctrl-C ends it.
import { isFree } from '@kwota/testing/free-port';
import { join, resolve } from 'node:path';
import { startKafka } from './kafka-broker.js';
import { kafkaVersion } from './kafka-jars.js';

const port = Number(process.env['KWOTA_KAFKA_PORT'] ?? 9092);
const folder = join(resolve(process.env['KWOTA_DATA_DIR'] ?? 'data'), 'kafka');

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const refuse = (line: string): never => {
  process.stderr.write(`${line}\n`);
  process.exit(1);
};

if (!Number.isInteger(port) || port < 1 || port > 65_535) refuse(`KWOTA_KAFKA_PORT is ${process.env['KWOTA_KAFKA_PORT']}, not a port`);
if (!(await isFree(port))) refuse(`127.0.0.1:${port} is in use: is a Kafka running already? KWOTA_KAFKA_PORT chooses another port.`);

say(`Apache Kafka ${kafkaVersion}, one node, on 127.0.0.1:${port}; its data are in ${folder}`);
const broker = await startKafka({ port, folder, say }).catch((error: Error) => refuse(error.message));
if (!broker) process.exit(1);

let stopping = false;
const stop = (): void => {
  if (stopping) return;
  stopping = true;
  say('stopping');
  void broker.stop();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);

say(`ready: KWOTA_MESSAGING=kafka KWOTA_KAFKA_BROKERS=${broker.brokers.join()} (ctrl-C ends it)`);
await broker.ended();
if (!stopping) refuse(`Kafka ended by itself; ${join(folder, 'broker.txt')} says why`);
