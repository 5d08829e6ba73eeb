import { claimCall, endCall } from '@kwota/contracts/calls.requests.v1';
import { createLogger } from '@kwota/service-kit/logger';
import { Sealing } from '@kwota/service-kit/sealing';
import { findOauthClient } from '@kwota/contracts/users.requests.v1';
import { ServiceUnavailable } from '@kwota/service-kit/request-client';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import 'reflect-metadata';
import { lastValueFrom, defer } from 'rxjs';
import { GatewayLog } from '../src/edge/gateway-log.js';
import { rememberedMs, Remembered } from '../src/edge/remembered.js';
import { ChangesMadeHere } from '../src/known-users/changes-made-here.js';
import { randomNames, type NewNames } from '../src/repeat-calls/new-names.js';
import { OncePerKey } from '../src/repeat-calls/once-per-key.js';
import { CallsKey, RepeatCallsInterceptor } from '../src/repeat-calls/repeat-calls.interceptor.js';
import { OauthClients } from '../src/v6/oauth-clients.js';
import { badRequest } from '../src/v6/ovh-error.js';
import { answeringServices, type Replies } from './answering-services.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

class Routes {
  keyed(): void {}
  unkeyed(): void {}
}
OncePerKey()(Routes.prototype, 'keyed', Object.getOwnPropertyDescriptor(Routes.prototype, 'keyed') as PropertyDescriptor);

type Ended = { end: string; sealedAnswer?: string };
/** An operator's POST under a key; the test is users. */
const start = async (replies: Replies) => {
  const { requests, asked, close } = await answeringServices(['users'], replies);
  opened.push({ close });
  const sealing = new Sealing('s'.repeat(32));
  const interceptor = new RepeatCallsInterceptor(new Reflector(), requests, sealing, new CallsKey(Buffer.alloc(32, 1)), new GatewayLog(createLogger('gateway', 'error')));
  const call = (work: (names: NewNames) => unknown, { route = 'keyed', key = 'k-1', body = {} }: { route?: 'keyed' | 'unkeyed'; key?: string; body?: object } = {}): Promise<unknown> => {
    const request: Record<string, unknown> = { method: 'POST', raw: { url: '/operator/owners' }, headers: { 'idempotency-key': key }, body, operator: { by: 'operator:first' } };
    const context = { getHandler: () => Routes.prototype[route], switchToHttp: () => ({ getRequest: () => request }) } as unknown as ExecutionContext;
    const next = { handle: () => defer(async () => work((request['newNames'] as NewNames | undefined) ?? randomNames)) };
    return lastValueFrom(interceptor.intercept(context, next));
  };
  const ended = (): Ended[] => asked.filter(({ name }) => name === endCall.name).map(({ body }) => body as Ended);
  return { call, asked, ended, sealing };
};
const free = { [claimCall.name]: () => ({ outcome: 'done', seed: 'seed', sealedAnswer: null }) };
const secret = (names: NewNames): string => names('secret', 24).toString('hex');

describe('a call under an Idempotency-Key', () => {
  it('leaves its answer sealed for its repeats', async () => {
    const { call, ended, asked, sealing } = await start(free);
    expect(await call(() => ({ password: 'in the answer' }))).toEqual({ password: 'in the answer' });
    const [{ callId }] = asked.map(({ body }) => body) as [{ callId: string }];
    expect(ended()).toEqual([expect.objectContaining({ end: 'done' })]);
    expect(sealing.open(ended()[0]?.sealedAnswer ?? '', callId)).toBe('{"password":"in the answer"}');
    expect(JSON.stringify(asked)).not.toContain('in the answer');
  });

  it('that is repeated gets that answer, and does nothing', async () => {
    const sealedFor = (callId: string) => new Sealing('s'.repeat(32)).seal('{"made":1}', callId);
    const { call, ended } = await start({ [claimCall.name]: ({ callId }: { callId: string }) => ({ outcome: 'done', seed: 'seed', sealedAnswer: sealedFor(callId) }) });
    const worked: number[] = [];
    expect(await call(() => worked.push(1))).toEqual({ made: 1 });
    expect([worked, ended()]).toEqual([[], []]);
  });

  it.each([
    ['conflict', 'The Idempotency-Key was used for another call'],
    ['under-way', 'A call under this Idempotency-Key is under way'],
  ])('that is refused as %s is a 409', async (code, message) => {
    const { call } = await start({ [claimCall.name]: () => ({ outcome: 'refused', code }) });
    await expect(call(() => null)).rejects.toMatchObject({ httpStatus: 409, message });
  });

  it('says whether it changed nothing, or nobody knows', async () => {
    const { call, ended } = await start(free);
    await expect(call(() => Promise.reject(badRequest('no')))).rejects.toThrow('no');
    await expect(call(() => Promise.reject(new ServiceUnavailable('dlr: away')))).rejects.toThrow('dlr');
    expect(ended().map(({ end }) => end)).toEqual(['refused', 'unknown']);
  });

  it('makes the same names at each run, others by another seed, and none that could be told without the key', async () => {
    const [first, second] = [await start(free), await start(free)];
    const made = await first.call(secret);
    expect(await second.call(secret)).toBe(made);
    const other = await start({ [claimCall.name]: () => ({ outcome: 'done', seed: 'another', sealedAnswer: null }) });
    expect(await other.call(secret)).not.toBe(made);
  });

  it('is known by a digest of who asks, the key, the route and the body', async () => {
    const { call, asked } = await start(free);
    await call(() => null, { body: { password: 'Abcd1234' } });
    await call(() => null, { body: { password: 'Abcd1235' } });
    await call(() => null, { key: 'k-2' });
    const claims = asked.filter(({ name }) => name === claimCall.name).map(({ body }) => body as { callId: string; bodyDigest: string });
    expect([new Set(claims.map(({ callId }) => callId)).size, new Set(claims.map(({ bodyDigest }) => bodyDigest)).size]).toEqual([2, 3]);
    expect(JSON.stringify(asked)).not.toMatch(/Abcd|k-1/);
  });

  it('asks nobody where the route or the caller has none', async () => {
    const { call, asked } = await start(free);
    expect(await call(secret, { route: 'unkeyed' })).not.toBe(await call(secret, { key: '' }));
    expect(asked).toEqual([]);
  });
});

describe('what a service said', () => {
  let nowMs = 0;
  const asking = async (answers: string[]) => {
    const remembered = new Remembered<string>(() => nowMs);
    return { remembered, find: () => remembered.find('q', () => Promise.resolve(answers.shift())) };
  };

  it('holds for ten seconds, or until it changes', async () => {
    const { remembered, find } = await asking(['a', 'b', 'c']);
    expect([await find(), await find()]).toEqual(['a', 'a']);
    nowMs += rememberedMs;
    expect(await find()).toBe('b');
    remembered.forgetAll();
    expect(await find()).toBe('c');
  });

  it('holds while the service is away, unless it is known to have changed', async () => {
    const remembered = new Remembered<string>(() => nowMs);
    const away = (): Promise<string> => Promise.reject(new ServiceUnavailable('users: away'));
    await expect(remembered.find('q', away)).rejects.toThrow('away');
    await remembered.find('q', () => Promise.resolve('a'));
    nowMs += rememberedMs;
    expect(await remembered.find('q', away)).toBe('a');
    nowMs += rememberedMs;
    await expect(remembered.find('q', () => Promise.reject(badRequest('refused by now')))).rejects.toThrow('refused');
    await expect(remembered.find('q', away)).rejects.toThrow('away');
    await remembered.find('q', () => Promise.resolve('b'));
    remembered.forgetAll();
    await expect(remembered.find('q', away)).rejects.toThrow('away');
  });

  it('is not remembered where something changed while it was asked', async () => {
    const remembered = new Remembered<string>(() => nowMs);
    await remembered.find('q', () => {
      remembered.forgetAll();
      return Promise.resolve('before');
    });
    expect(await remembered.find('q', () => Promise.resolve('after'))).toBe('after');
  });
});

describe('a token', () => {
  const client = { outcome: 'done', accounts: ['sms-kw00001-1'], secretIds: ['second'] };
  const startClients = async (replies: Replies) => {
    const { requests, asked, close } = await answeringServices(['users'], replies);
    opened.push({ close });
    const changes = new ChangesMadeHere();
    return { clients: new OauthClients(requests, changes), changes, asked };
  };
  const token = { clientId: 'EU.1', accounts: [] };

  it('is good for the secret that it was given for; one of the version before does not say which', async () => {
    const { clients, asked } = await startClients({ [findOauthClient.name]: () => client });
    expect(await clients.find({ ...token, secretId: 'first' })).toBeUndefined();
    expect(await clients.find({ ...token, secretId: 'second' })).toMatchObject({ accounts: ['sms-kw00001-1'] });
    expect(await clients.find(token)).toBeDefined();
    expect(asked).toHaveLength(1);
  });

  it('whose client is gone opens nothing, as soon as a change is heard of', async () => {
    let isThere = true;
    const { clients, changes } = await startClients({ [findOauthClient.name]: () => (isThere ? client : { outcome: 'refused', code: 'client-unknown' }) });
    expect(await clients.find(token)).toBeDefined();
    isThere = false;
    changes.tell({ kind: 'access-changed' });
    expect(await clients.find(token)).toBeUndefined();
  });
});
