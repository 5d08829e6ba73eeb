import { topicDefinitions } from '@kwota/contracts/topic-definitions';
import type { OutgoingMessage } from '@kwota/messaging';
import { PublishFailed } from '@kwota/messaging/failures';
import { EmbeddedMessaging } from '@kwota/messaging-embedded';
import { Withdrawals } from '../src/submit-messages/withdrawals.js';

it('what is still open at a stop is offered until the log takes it', async () => {
  const log = await EmbeddedMessaging.open({ path: ':memory:', topics: topicDefinitions });
  const publish = log.publish.bind(log);
  let refusals = 2;
  let taken = 0;
  log.publish = async (messages: readonly OutgoingMessage[]) => {
    if ((refusals -= 1) >= 0) throw new PublishFailed('away');
    taken += messages.length;
    return publish(messages);
  };
  const withdrawals = new Withdrawals(log);
  withdrawals.withdraw({ kind: 'withdraw', account: 'sms-kw00001-1', userId: null, messageIds: [1] });
  expect(withdrawals.open).toBe(1);
  await withdrawals.close();
  expect([taken, withdrawals.open]).toEqual([1, 0]);
  await log.close();
});
