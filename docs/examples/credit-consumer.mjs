// What each account has consumed, kept in a file by a team outside Kwota: each credit event counted once, whatever happens to this process.
//   KAFKA_BROKERS=127.0.0.1:9092 STORE=./consumption.json node docs/examples/credit-consumer.mjs
// It needs `npx nx build event-consumer`, kafkajs and no more. It reads the topic from now on: what was before, the ledger gives when an
// account's next event comes.
import { EventConsumer } from '@kwota/event-consumer';
import { Kafka, logLevel } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const { KAFKA_BROKERS: brokers = '127.0.0.1:9092', STORE: file = 'consumption.json', GROUP: group = 'consumption' } = process.env;
const requestTopic = 'kwota.requests.ledger.v1';
const answerWithinMs = 5_000;

const kafka = new Kafka({ brokers: brokers.split(','), clientId: group, logLevel: logLevel.ERROR });
const producer = kafka.producer({ createPartitioner: () => ({ partitionMetadata, message }) => partitionOf(String(message.key), partitionMetadata.length) });

/** Kwota's own: FNV-1a over the account, so that a request comes to the ledger that has it. */
const partitionOf = (key, count) => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return (hash >>> 0) % count;
};

// The request and its answer. Answers go to all; ours carry our id.
const ourId = randomUUID();
const waiting = new Map();
const readEvents = async (account, fromSequence, limit) => {
  const id = randomUUID();
  const answered = new Promise((resolve, reject) => {
    const timer = setTimeout(() => (waiting.delete(id), reject(new Error('the ledger does not answer'))), answerWithinMs);
    waiting.set(id, (answer) => (clearTimeout(timer), waiting.delete(id), resolve(answer)));
  });
  const headers = { ce_specversion: '1.0', ce_type: 'kwota.requests.ledger.read-events.v1', ce_source: group, ce_id: id, 'content-type': 'application/json', 'reply-to': ourId, 'correlation-id': id };
  await producer.send({ topic: requestTopic, messages: [{ key: account, value: JSON.stringify({ account, fromSequence, limit }), headers }] });
  const answer = await answered;
  if (answer.outcome !== 'done') throw new Error(`the ledger answers ${answer.outcome}`);
  return answer.events;
};

// Effects and positions in one file, replaced as a whole: that is the transaction.
const accounts = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
const handOver = async (account, facts) => {
  const now = { counted: 0, consumedMilliCredits: 0, ...accounts[account], position: facts.at(-1).accountSequence };
  for (const { type, amountMilliCredits } of facts) {
    now.counted += 1;
    if (type === 'CreditsCaptured' || type === 'CaptureCorrected') now.consumedMilliCredits += amountMilliCredits;
    if (type === 'CreditsRefunded') now.consumedMilliCredits -= amountMilliCredits;
  }
  writeFileSync(`${file}.new`, JSON.stringify({ ...accounts, [account]: now }));
  renameSync(`${file}.new`, file);
  accounts[account] = now;
};

const consumer = new EventConsumer({ positionOf: async (account) => accounts[account]?.position, handOver, readEvents });

const answers = kafka.consumer({ groupId: `${group}.answers.${ourId}` });
// So long its partitions wait for a successor after it was killed.
const facts = kafka.consumer({ groupId: group, sessionTimeout: 10_000 });
await Promise.all([producer.connect(), answers.connect(), facts.connect()]);
await answers.subscribe({ topic: 'kwota.replies.v1' });
await facts.subscribe({ topic: 'kwota.credit.v1' });
await answers.run({
  eachMessage: async ({ message: { headers, value } }) => {
    if (String(headers['reply-to']) === ourId) waiting.get(String(headers['correlation-id']))?.(JSON.parse(String(value)));
  },
});
await facts.run({
  // A rejection leaves the batch where it is, and kafkajs brings it again.
  eachBatch: async ({ batch }) => consumer.take(batch.messages.map(({ value }) => JSON.parse(String(value)))),
});
process.stdout.write('reading\n');

for (const signal of ['SIGTERM', 'SIGINT'])
  process.once(signal, async () => {
    await Promise.all([facts.disconnect(), answers.disconnect(), producer.disconnect()]);
    process.exit();
  });
