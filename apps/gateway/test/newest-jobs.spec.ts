import { findMessage } from '@kwota/contracts/dlr.requests.v1';
import { GatewaySettings } from '../src/edge/gateway-settings.js';
import { readGatewayConfig } from '../src/gateway.config.js';
import { NewestJobs } from '../src/read-messages/newest-jobs.js';
import { answeringServices, type Replies } from './answering-services.js';

const account = 'sms-kw00001-1';
const unknown = { outcome: 'refused', code: 'message-unknown' };
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

const start = async (replies: Replies, deadlineMs = '60000') => {
  const { requests, asked, close } = await answeringServices(['dlr'], replies);
  opened.push({ close });
  return { jobs: new NewestJobs(requests, new GatewaySettings(readGatewayConfig({ KWOTA_SEND_DEADLINE_MS: deadlineMs }))), asked };
};
const message = { messageId: 3, userId: null, receiver: '+33600000004', sender: 'KWOTA', text: 'm', tag: '', parts: 1, creditsMilli: 0, ptt: 1, dlr: 0, final: false, acceptedAtMs: 0, deferredUntilMs: null, submittedAtMs: null, deliveredAtMs: null };

it('a list waits until dlr knows the newest message that was accepted here, and then no more', async () => {
  let looks = 0;
  const { jobs, asked } = await start({ [findMessage.name]: () => ((looks += 1) < 3 ? unknown : { outcome: 'done', message }) });
  jobs.accepted(account, [1, 2, 3]);
  await jobs.areKnown(account);
  await jobs.areKnown(account);
  expect(asked.map(({ body }) => body)).toEqual(Array.from({ length: 3 }, () => ({ account, messageId: 3 })));
});

it('an account that sent nothing here waits for nobody, nor does one whose message dlr has spoken of', async () => {
  const { jobs, asked } = await start({});
  jobs.accepted(account, [7]);
  jobs.known(account, 7);
  await jobs.areKnown(account);
  await jobs.areKnown('sms-kw00002-1');
  expect(asked).toEqual([]);
});

it('nobody waits longer than for any answer', async () => {
  const { jobs } = await start({ [findMessage.name]: () => unknown }, '100');
  jobs.accepted(account, [7]);
  await jobs.areKnown(account);
  await jobs.areKnown(account);
});
