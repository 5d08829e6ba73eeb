import { jest } from '@jest/globals';
import { claimCall, endCall } from '@kwota/contracts/calls.requests.v1';
import * as owners from '@kwota/contracts/owners.requests.v1';
import { authenticateOauthClient, createAccount, findOauthClient } from '@kwota/contracts/users.requests.v1';
import { callsKeptMs, runsForMsMax } from '../src/keep-calls/keep-calls.on-request.js';
import { usersUnderTest } from './users-under-test.js';

const { ask, sealing } = usersUnderTest();
const idOf = (name: string): string => Buffer.from(name).toString('hex').padEnd(64, '0');
const claim = (name: string, attemptId: string, body = 'body') => ask(claimCall, { callId: idOf(name), bodyDigest: idOf(body), attemptId });
const end = (name: string, attemptId: string, how: 'done' | 'refused' | 'unknown') =>
  ask(endCall, { callId: idOf(name), attemptId, end: how, ...(how === 'done' ? { sealedAnswer: `s1.${attemptId}` } : {}) });
const seedOf = async (claimed: ReturnType<typeof claim>): Promise<string> => {
  const reply = await claimed;
  return reply.outcome === 'done' ? reply.seed : '';
};
const atMs = (ms: number): void => void jest.spyOn(Date, 'now').mockReturnValue(ms);
afterEach(() => jest.restoreAllMocks());

describe('a call under an idempotency key', () => {
  it('runs once, and its repeats get its answer', async () => {
    expect(await claim('a', '1')).toMatchObject({ outcome: 'done', sealedAnswer: null });
    await end('a', '1', 'done');
    expect(await claim('a', '2')).toMatchObject({ outcome: 'done', sealedAnswer: 's1.1' });
  });

  it('with another body is a conflict', async () => expect(await claim('a', '3', 'another body')).toEqual({ outcome: 'refused', code: 'conflict' }));

  it('does not run twice at a time; a claim read twice from the log is one', async () => {
    await claim('b', '1');
    expect(await claim('b', '1')).toMatchObject({ sealedAnswer: null });
    expect(await claim('b', '2')).toEqual({ outcome: 'refused', code: 'under-way' });
  });

  it('that ended nobody knows how runs again with the same names', async () => {
    const seed = await seedOf(claim('c', '1'));
    await end('c', '1', 'unknown');
    expect(await claim('c', '2')).toEqual({ outcome: 'done', seed, sealedAnswer: null });
  });

  it('that changed nothing leaves the key free, also for another body', async () => {
    const seed = await seedOf(claim('d', '1'));
    await end('d', '1', 'refused');
    expect(await seedOf(claim('d', '2', 'another body'))).not.toBe(seed);
  });

  it('whose gateway died runs again after a minute; what the dead one still says counts no more', async () => {
    const nowMs = Date.now();
    await claim('e', '1');
    atMs(nowMs + runsForMsMax + 60_000);
    expect(await claim('e', '2')).toMatchObject({ sealedAnswer: null });
    await end('e', '1', 'done');
    await end('e', '1', 'refused');
    expect(await claim('e', '3')).toEqual({ outcome: 'refused', code: 'under-way' });
  });

  it('is forgotten after a day', async () => {
    const seed = await seedOf(claim('f', '1'));
    await end('f', '1', 'done');
    atMs(Date.now() + callsKeptMs + 60_000);
    const again = await claim('f', '2');
    expect(again).toMatchObject({ sealedAnswer: null });
    expect(again).not.toMatchObject({ seed });
  });
});

it('an account without a name is made once by one request', async () => {
  const create = (requestId: string) => ask(createAccount, { requestId, description: 'Parcels' });
  const first = await create('once');
  expect(first).toMatchObject({ created: true });
  expect(await create('once')).toEqual({ ...first, created: false });
  expect(await create('twice')).toMatchObject({ created: true });
});

describe('what a token of OAuth2 opens', () => {
  const [ownerId, clientId] = ['kw3-kwota', 'EU.client-3'];
  const save = (secret: string, overlapMs = 0) => ask(owners.saveOauthClient, { clientId, ownerId, sealedClientSecret: sealing().seal(secret, clientId), overlapMs });
  const secretIdOf = async (secret: string): Promise<string | undefined> => {
    const reply = await ask(authenticateOauthClient, { clientId, sealedClientSecret: sealing().seal(secret, clientId) });
    return reply.outcome === 'done' ? reply.secretId : undefined;
  };
  beforeAll(async () => {
    await ask(owners.saveOwner, { ownerId, accounts: ['sms-kw00001-1'] });
    await save('first');
  });

  it('is what its owner has now', async () => {
    expect(await ask(findOauthClient, { clientId })).toEqual({ outcome: 'done', accounts: ['sms-kw00001-1'], ownerId, secretIds: [await secretIdOf('first')] });
    await ask(owners.saveOwner, { ownerId, accounts: [] });
    expect(await ask(findOauthClient, { clientId })).toMatchObject({ accounts: [] });
  });

  it('ends with its secret: at once, or when the overlap is over', async () => {
    const first = await secretIdOf('first');
    await save('second', 3_600_000);
    const second = await secretIdOf('second');
    expect(second).not.toBe(first);
    expect(await ask(findOauthClient, { clientId })).toMatchObject({ secretIds: [second, first] });
    await save('third');
    expect(await ask(findOauthClient, { clientId })).toMatchObject({ secretIds: [await secretIdOf('third')] });
  });

  it('is nothing once its client is deleted', async () => {
    await ask(owners.deleteOauthClient, { clientId });
    expect(await ask(findOauthClient, { clientId })).toEqual({ outcome: 'refused', code: 'client-unknown' });
  });
});
