import { receipts } from '@kwota/contracts/receipts.v1';
import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import { deadLetterTopicOf, type IncomingMessage } from '@kwota/messaging';
import { PoisonMessage } from '@kwota/messaging/failures';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { DeadLettersClient } from '../src/dead-letters/dead-letters.client.js';
import { DeadLetters } from '../src/dead-letters/dead-letters.projection.js';

const poison = { topic: receipts.topic, key: 'sms-kw00001-1', value: '{"receiver":"+33600000004"}', headers: { ce_type: 'kwota.receipts.part.v1' } };
let messaging: EmbeddedMessaging;
let client: DeadLettersClient;
let handled: IncomingMessage[];
let isMended: boolean;

beforeEach(async () => {
  messaging = await EmbeddedMessaging.open({ path: ':memory:', topics: topicDefinitions });
  handled = [];
  isMended = false;
  const handle = async (batch: readonly IncomingMessage[]): Promise<void> => {
    if (!isMended) throw new PoisonMessage('contract', 'messageId: invalid_type');
    handled.push(...batch);
  };
  await messaging.subscribe({ topic: receipts.topic, group: 'kwota.dlr', kind: 'shared', handle });
  client = new DeadLettersClient(messaging, new DeadLetters());
  await client.onApplicationBootstrap();
  await messaging.publish([poison]);
  await messaging.drain();
});
afterEach(async () => {
  await client.onApplicationShutdown();
  await messaging.close();
});

it('a dead letter is listed with its origin and reason, and without its content', () => {
  expect(client.list()).toEqual([
    {
      id: expect.stringMatching(/^receipts-\d-\d+$/),
      topic: receipts.topic,
      account: 'sms-kw00001-1',
      type: 'kwota.receipts.part.v1',
      group: 'kwota.dlr',
      stage: 'contract',
      reason: 'messageId: invalid_type',
      at: expect.stringMatching(/^\d{4}-/),
    },
  ]);
  expect(JSON.stringify(client.list())).not.toContain('+336');
});

it('a replayed one is handled as it was sent first, and listed no more', async () => {
  isMended = true;
  await client.replay(client.list()[0]?.id ?? '');
  await messaging.drain();
  expect(handled.map(({ key, value, headers }) => ({ topic: receipts.topic, key, value, headers }))).toEqual([poison]);
  expect(client.list()).toEqual([]);
});

it('a dropped one is gone for a gateway that starts later too', async () => {
  await client.drop(client.list()[0]?.id ?? '');
  await messaging.drain();
  const later = new DeadLettersClient(messaging, new DeadLetters());
  await later.onApplicationBootstrap();
  await messaging.drain();
  expect([client.list(), later.list(), handled]).toEqual([[], [], []]);
  await later.onApplicationShutdown();
  expect(await messaging.read(deadLetterTopicOf(receipts.topic), 0, 10)).toHaveLength(2);
});

it('one that is not there is unknown', async () => {
  await expect(client.replay('receipts-0-999')).rejects.toThrow('does not exist');
  await expect(client.drop('receipts-0-999')).rejects.toThrow('does not exist');
});
