import { run } from './cli-under-test.js';
import type { TopicsOfLog } from '../src/manage-topics/topics.commands.js';

const environment = { KWOTA_KAFKA_BROKERS: '127.0.0.1:9092' };
const asItMustBe = { topic: 'kwota.credit.v1', partitions: 8, kept: '14 days', difference: undefined };
const missing = { topic: 'kwota.users.v1', partitions: 8, kept: 'compacted', difference: 'topic kwota.users.v1 is not there' };
const log = (topics: Partial<TopicsOfLog>): TopicsOfLog => ({ show: async () => [], apply: async () => [], ...topics });

it('topics that are as they must be are shown with exit code 0', async () => {
  const { exitCode, out } = await run(['topics', 'show'], environment, { topics: log({ show: async () => [asItMustBe] }) });
  expect([exitCode, out]).toEqual([0, 'topic            partitions  kept     state\nkwota.credit.v1           8  14 days  as it must be\n']);
});

it('one that is otherwise is told in a sentence, with exit code 1', async () => {
  const { exitCode, error } = await run(['topics', 'show'], environment, { topics: log({ show: async () => [asItMustBe, missing] }) });
  expect([exitCode, error.includes('topic kwota.users.v1 is not there')]).toEqual([1, true]);
});

it('apply shows what it left, as JSON where asked', async () => {
  const { exitCode, out } = await run(['topics', 'apply', '--json'], environment, { topics: log({ apply: async () => [asItMustBe] }) });
  expect([exitCode, JSON.parse(out)]).toEqual([0, [{ topic: 'kwota.credit.v1', partitions: 8, kept: '14 days' }]]);
});

it('a broker that does not answer is exit code 3', async () => {
  const { exitCode, error } = await run(['topics', 'apply'], environment, { topics: log({ apply: () => Promise.reject(new Error('connect ECONNREFUSED')) }) });
  expect([exitCode, error]).toEqual([3, 'Kafka does not answer: connect ECONNREFUSED\n']);
});

it('without brokers it is told how to name them, with exit code 2', async () => {
  const { exitCode, error } = await run(['topics', 'show'], {}, { topics: log({}) });
  expect([exitCode, error.includes('KWOTA_KAFKA_BROKERS')]).toEqual([2, true]);
});
