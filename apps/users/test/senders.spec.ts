import * as senders from '@kwota/contracts/senders.requests.v1';
import { wrongCodesMax } from '../src/manage-senders/manage-senders.on-request.js';
import { usersUnderTest } from './users-under-test.js';

const { ask, facts, messaging } = usersUnderTest();
const account = 'sms-kw00001-1';
const propose = (sender: string) => ask(senders.proposeSender, { account, sender, description: '', reason: 'Our trade mark' });
const find = async (sender: string) => ask(senders.findSender, { account, sender });
/** The relay sends facts after the answer. */
const factsUntil = async (isThere: () => boolean): Promise<void> => {
  while (!isThere()) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    await messaging().drain();
  }
};
const codeOf = async (sender: string): Promise<string> => {
  const found = await find(sender);
  return (found.outcome === 'done' && found.code) || '';
};

it('waits until its code is given; then it may send', async () => {
  expect(await propose('Parcels')).toEqual({ outcome: 'done', status: 'waitingValidation' });
  expect(await ask(senders.validateSender, { account, sender: 'Parcels', code: await codeOf('Parcels') })).toMatchObject({ outcome: 'done', status: 'enable' });
  expect(await find('Parcels')).toMatchObject({ status: 'enable', code: null });
  const ofSenders = () => facts.filter((fact) => fact?.type === 'SenderChanged');
  await factsUntil(() => ofSenders().length === 2);
  expect(ofSenders()).toEqual([
    { type: 'SenderChanged', account, sender: 'Parcels', status: 'waitingValidation', version: 1 },
    { type: 'SenderChanged', account, sender: 'Parcels', status: 'enable', version: 2 },
  ]);
});

it('after five wrong codes the right one opens nothing any more', async () => {
  await propose('Guessed');
  const right = await codeOf('Guessed');
  const wrong = right === '000000' ? '000001' : '000000';
  for (let attempt = 0; attempt < wrongCodesMax; attempt += 1)
    expect(await ask(senders.validateSender, { account, sender: 'Guessed', code: wrong })).toEqual({ outcome: 'refused', code: 'code-wrong' });
  expect(await ask(senders.validateSender, { account, sender: 'Guessed', code: right })).toEqual({ outcome: 'refused', code: 'sender-not-waiting' });
  expect(await find('Guessed')).toMatchObject({ status: 'refused' });
});

it('an owner switches off and on what may send, and nothing else; an operator decides', async () => {
  await propose('Waiting');
  const change = (by: 'owner' | 'operator', status: 'enable' | 'disable') => ask(senders.updateSender, { account, sender: 'Waiting', status, by });
  expect(await change('owner', 'enable')).toEqual({ outcome: 'refused', code: 'status-not-allowed' });
  expect(await change('operator', 'enable')).toMatchObject({ status: 'enable' });
  expect(await change('owner', 'disable')).toMatchObject({ status: 'disable' });
  expect(await change('owner', 'enable')).toMatchObject({ status: 'enable' });
});

it('a form that no telephone shows is refused; a deleted one is gone', async () => {
  expect(await propose('<script>')).toEqual({ outcome: 'refused', code: 'sender-not-valid' });
  await propose('Gone');
  await ask(senders.deleteSender, { account, sender: 'Gone' });
  expect(await find('Gone')).toEqual({ outcome: 'refused', code: 'sender-unknown' });
  await factsUntil(() => facts.at(-1) === null);
});
