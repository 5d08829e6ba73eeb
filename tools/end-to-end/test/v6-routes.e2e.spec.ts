import { startKwota, type KwotaProcess } from '@kwota/testing/kwota-process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { operatorClient, ownerClient, type V6Client } from './v6-client.js';

const dataDir = mkdtempSync(join(tmpdir(), 'kwota-v6-'));
let kwota: KwotaProcess;
let owner: V6Client;
let operator: V6Client;
let account: string;
beforeAll(async () => {
  kwota = await startKwota(dataDir);
  owner = await ownerClient(kwota.url, kwota.first);
  operator = operatorClient(kwota.url, kwota.first.operatorToken);
  account = `/sms/${kwota.first.serviceName}`;
}, 60_000);
afterAll(async () => {
  await kwota.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

type Schema = { apis: { path: string; operations: { httpMethod: string; noAuthentication: boolean }[] }[]; models: Record<string, { enum?: string[]; properties?: object }> };

describe('the schema (OVH.md 1.2)', () => {
  it('is open to all, and names the enumerations that the panel reads', async () => {
    const response = await fetch(new URL('/1.0/sms.json', kwota.url));
    const { models } = (await response.json()) as Schema;
    expect(models['sms.SupportEnum']?.enum).toEqual(['both', 'mail', 'sms']);
    expect(models['sms.User']?.properties).toMatchObject({ login: { readOnly: true, canBeNull: false }, callBack: { canBeNull: true }, quotaInformations: { type: 'sms.Quota' } });
    const index = (await (await fetch(new URL('/1.0/', kwota.url))).json()) as { apis: { path: string }[] };
    expect(index.apis.map(({ path }) => path)).toEqual(['/sms', '/auth', '/me']);
  });

  it('names no route that nothing answers', async () => {
    for (const name of ['sms', 'auth', 'me']) {
      const { apis } = (await owner('GET', `/${name}.json`)).body as Schema;
      for (const { path, operations } of apis)
        for (const { httpMethod } of operations) {
          if (path === '/auth/logout') continue;
          const concrete = path.replace('{serviceName}', kwota.first.serviceName).replace('{login}', 'nobody').replaceAll(/\{\w+\}/g, '999');
          const { status, body } = await owner(httpMethod, concrete, httpMethod === 'GET' || httpMethod === 'DELETE' ? undefined : {});
          expect([httpMethod, path, status < 500, JSON.stringify(body)]).toEqual([httpMethod, path, true, expect.not.stringContaining('empty) URL')]);
        }
    }
  }, 30_000);
});

it('the OpenAPI document is whole: each operation has a name of its own, a summary but for probes, and every reference leads somewhere', async () => {
  type Document = { paths: Record<string, Record<string, { operationId: string; summary?: string }>>; components: { schemas: Record<string, object> } };
  const document = (await (await fetch(new URL('/docs-json', kwota.url))).json()) as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.values(methods).map((operation) => ({ path, ...operation })));
  expect(operations.length).toBeGreaterThan(80);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  expect(operations.filter(({ path, summary }) => !summary && !/^\/(?:health|metrics)/.test(path))).toEqual([]);
  const referred = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name);
  expect([...new Set(referred)].toSorted()).toEqual(Object.keys(document.components.schemas).toSorted());
});

it('a path that nothing answers, or a method that it does not have, is OVH’s 404 with a query id', async () => {
  for (const [method, path] of [
    ['GET', '/nowhere'],
    ['PATCH', account],
    ['GET', '/order/nothing'],
  ] as const) {
    const { status, headers, body } = await owner(method, path);
    expect([status, body]).toEqual([404, { class: 'Client::NotFound', message: 'Got an invalid (or empty) URL' }]);
    expect(headers.get('x-ovh-queryid')).toMatch(/^EU\.ext-1\.\w{16}$/);
  }
});

describe('X-Ovh-Batch, as the panel asks (OVH.md 1.3)', () => {
  it('each has its value or its error', async () => {
    await owner('POST', `${account}/users`, { login: 'batch', password: 'Batch_01' });
    const { status, body } = await owner('GET', `${account}/users/demo,nobody,batch`, undefined, { 'x-ovh-batch': ',' });
    expect([status, body]).toEqual([
      200,
      [
        { key: 'demo', value: expect.objectContaining({ login: 'demo' }), error: null },
        { key: 'nobody', value: null, error: { class: 'Client::NotFound', message: 'The requested object does not exist' } },
        { key: 'batch', value: expect.objectContaining({ login: 'batch' }), error: null },
      ],
    ]);
  });

  it('one is a batch too; without the header a comma is a part of the name', async () => {
    expect((await owner('GET', `${account}/users/demo`, undefined, { 'x-ovh-batch': ',' })).body).toEqual([{ key: 'demo', value: expect.objectContaining({ login: 'demo' }), error: null }]);
    expect((await owner('GET', `${account}/users/demo,batch`)).status).toBe(404);
  });

  it('another owner’s account opens none of them', async () => {
    expect((await owner('GET', `${account},sms-xx99999-1`, undefined, { 'x-ovh-batch': ',' })).body).toEqual({ class: 'Client::NotFound', message: 'This service does not exist' });
  });

  it('is for reading', async () => expect((await owner('DELETE', `${account}/users/a,b`, undefined, { 'x-ovh-batch': ',' })).status).toBe(400));
});

describe('what a message takes', () => {
  it.each([
    ['a', false, { characters: 1, charactersClass: '7bits', maxCharactersPerPart: 149, parts: 1 }],
    ['a'.repeat(161), true, { characters: 161, charactersClass: '7bits', maxCharactersPerPart: 153, parts: 2 }],
    ['ż', true, { characters: 1, charactersClass: 'unicode', maxCharactersPerPart: 70, parts: 1 }],
  ])('text %#', async (message, noStopClause, estimate) =>
    expect((await owner('POST', '/sms/estimate', { message, noStopClause, senderType: 'alpha' })).body).toEqual(estimate),
  );

  it('a country’s rate needs no key; packs are not for sale', async () => {
    const rate = await fetch(new URL('/1.0/sms/rates/destinations?country=fr', kwota.url));
    expect(await rate.json()).toEqual({ country: 'France', countryCode: 'fr', credit: 1, price: expect.objectContaining({ value: 0 }) });
    expect((await owner('GET', '/sms/rates/packs?country=pl')).body).toEqual([]);
    expect((await owner('GET', '/sms/rates/destinations?country=xx')).status).toBe(400);
    expect((await owner('GET', `${account}/seeOffers?countryCurrencyPrice=fr&countryDestination=fr&quantity=100`)).body).toEqual([]);
  });
});

describe('jobs', () => {
  const job = { message: 'a'.repeat(161), receivers: ['+33600000004', '0033600000005', 'nobody'], noStopClause: true, tag: 'two' };

  it('of two parts to two receivers are two ids and four credits, and each message says so', async () => {
    const { body } = await owner('POST', `${account}/users/demo/jobs`, { ...job, sender: kwota.first.sender });
    expect(body).toEqual({ ids: [expect.any(Number), expect.any(Number)], invalidReceivers: ['nobody'], totalCreditsRemoved: 4, validReceivers: ['+33600000004', '+33600000005'], tag: 'two' });
    const [, second] = (body as { ids: number[] }).ids;
    expect((await owner('GET', `${account}/users/demo/outgoing/${second}`)).body).toMatchObject({ id: second, receiver: '+33600000005', numberOfSms: 2, credits: 2, messageLength: 161, tag: 'two', batchID: null });
    expect((await owner('GET', `${account}/outgoing?batchID=7`)).body).toEqual([]);
  });

  it('show the priority that they were given, high where none was', async () => {
    const sent = async (changes: object) => ((await owner('POST', `${account}/jobs`, { ...job, receivers: ['+33600000004'], sender: kwota.first.sender, differedPeriod: 60, ...changes })).body as { ids: number[] }).ids[0];
    const shown = async (id: number | undefined) => (await owner('GET', `${account}/jobs/${id}`)).body;
    expect(await shown(await sent({ priority: 'veryLow' }))).toMatchObject({ priority: 'veryLow' });
    expect(await shown(await sent({ priority: null }))).toMatchObject({ priority: 'high' });
    expect((await owner('POST', `${account}/jobs`, { ...job, sender: kwota.first.sender, priority: 'urgent' })).body).toMatchObject({ message: expect.stringContaining('priority') });
  });

  it('that wait are listed as soon as they are answered, and no more once they are cancelled', async () => {
    for (const receiver of ['+33600000011', '+33600000012', '+33600000013']) {
      const { body } = await owner('POST', `${account}/users/demo/jobs`, { message: 'Later', receivers: [receiver], sender: kwota.first.sender, noStopClause: true, differedPeriod: 60 });
      const [id] = (body as { ids: number[] }).ids;
      expect((await owner('GET', `${account}/users/demo/jobs`)).body).toContain(id);
      await owner('DELETE', `${account}/users/demo/jobs/${id}`);
    }
  });

  it('under an Idempotency-Key are sent once; another body under it is a conflict', async () => {
    const send = (message: string) => owner('POST', `${account}/jobs`, { ...job, message, sender: kwota.first.sender }, { 'idempotency-key': 'job-1' });
    const { body } = await send('once');
    expect((await send('once')).body).toEqual(body);
    expect(await send('twice')).toMatchObject({ status: 409, body: { class: 'Client::Conflict' } });
  });

  it('name what is wrong with them', async () => {
    const refused = async (changes: object) => (await owner('POST', `${account}/jobs`, { ...job, sender: kwota.first.sender, ...changes })).body;
    expect(await refused({ receiversSlotId: '7' })).toMatchObject({ message: 'receiversSlotId is not offered: name the receivers' });
    expect(await refused({ sender: 'NOBODY' })).toMatchObject({ message: 'The sender NOBODY is not declared' });
    expect(await refused({ sender: null })).toMatchObject({ message: 'sender is required, or senderForResponse' });
    expect(await refused({ receivers: ['nobody'] })).toMatchObject({ message: 'receivers holds no valid number' });
    expect(await refused({ message: 'a'.repeat(919) })).toMatchObject({ message: 'message is too long, at most 6 parts' });
    expect(await refused({ receivers: Array.from({ length: 200 }, (_, index) => `+336000${10_000 + index}`) })).toMatchObject({ message: expect.stringMatching(/^Not enough credits \(left: \d+\.\d\d\)$/) });
  });
});

it('an account may be made for an owner, whose keys then open it', async () => {
  await operator('POST', '/accounts', { serviceName: 'sms-kw00020-1', ownerId: 'kw1-kwota' });
  expect(await operator('POST', '/accounts', { serviceName: 'sms-kw00021-1', ownerId: 'nobody' })).toMatchObject({ status: 404 });
  expect((await owner('GET', '/sms')).body).toEqual([kwota.first.serviceName, 'sms-kw00020-1']);
});

describe('a client may send back the whole of what it got', () => {
  it('of a user: nothing changes', async () => {
    const before = (await owner('GET', `${account}/users/demo`)).body;
    expect((await owner('PUT', `${account}/users/demo`, before)).body).toBeNull();
    expect((await owner('GET', `${account}/users/demo`)).body).toEqual(before);
  });

  it('of an account: nothing changes; what is not offered is said by name', async () => {
    const before = (await owner('GET', account)).body as object;
    expect((await owner('PUT', account, before)).body).toBeNull();
    expect((await owner('GET', account)).body).toEqual(before);
    expect(await owner('PUT', account, { automaticRecreditAmount: 100 })).toMatchObject({ status: 400, body: { message: 'automaticRecreditAmount is not offered' } });
  });
});

it('what an operator buys under an Idempotency-Key is bought once', async () => {
  const buy = (credits: number) => operator('POST', `/accounts/${kwota.first.serviceName}/credits`, { credits }, { 'idempotency-key': 'order-1' });
  const { body } = await buy(10);
  expect((await buy(10)).body).toEqual(body);
  expect(await buy(11)).toMatchObject({ status: 409 });
  expect(await operator('POST', `/accounts/${kwota.first.serviceName}/credits`, { credits: 1 })).toMatchObject({ status: 400, body: { message: expect.stringContaining('reference is required') } });
});

describe('under an Idempotency-Key', () => {
  const once = (key: string) => ({ 'idempotency-key': key });
  const accountOf = `/accounts/sms-kw00001-1`;

  it('an account, keys with their secrets and an operator are made once, and told again as they were', async () => {
    const make = (path: string, body: object) => operator('POST', path, body, once(`make ${path}`));
    for (const [path, body] of [
      ['/accounts', { description: 'Once' }],
      ['/owners', { ownerId: 'kw4-kwota' }],
      ['/owners/kw4-kwota/applications', { accessRules: [{ method: 'GET', path: '/*' }] }],
      ['/owners/kw4-kwota/clients', { name: 'Once' }],
      ['/operators', { name: 'once', role: 'auditor' }],
      [`${accountOf}/users`, { login: 'once', password: 'Abcd1234' }],
      [`/callbacks${accountOf}/secret`, {}],
    ] as const) {
      const first = await make(path, body);
      expect([path, first.status]).toEqual([path, 200]);
      expect((await make(path, body)).body).toEqual(first.body);
    }
    const applications = (await operator('GET', '/owners/kw4-kwota/applications')).body;
    expect(applications).toEqual([expect.objectContaining({ credentials: [expect.objectContaining({ status: 'validated' })] })]);
  });

  it('another call is a conflict, and what was refused leaves the key free', async () => {
    const create = (login: string, password: string) => operator('POST', `${accountOf}/users`, { login, password }, once('user-1'));
    expect(await create('keyed', 'short')).toMatchObject({ status: 400 });
    expect(await create('keyed', 'Abcd1234')).toMatchObject({ status: 200 });
    expect(await create('keyed', 'Abcd1235')).toMatchObject({ status: 409, body: { class: 'Client::Conflict', message: 'The Idempotency-Key was used for another call' } });
    expect(await operator('POST', '/owners', { ownerId: 'kw5-kwota' }, once('user-1'))).toMatchObject({ status: 409 });
    expect(await operator('POST', '/owners', { ownerId: 'kw5-kwota' }, once('k'.repeat(129)))).toMatchObject({ status: 400 });
  });

  it('a quota is set once, however much of it is spent before it is asked again', async () => {
    const quotaLeft = async (): Promise<number> => ((await owner('GET', `${account}/users/once`)).body as { quotaInformations: { quotaLeft: number } }).quotaInformations.quotaLeft;
    const set = () => owner('PUT', `${account}/users/once`, { quotaInformations: { quotaLeft: 3, quotaStatus: 'active' } }, once('quota-1'));
    await set();
    await owner('POST', `${account}/users/once/jobs`, { message: 'One', receivers: ['+33600000004'], sender: kwota.first.sender, noStopClause: true });
    expect((await set()).status).toBe(200);
    expect(await quotaLeft()).toBe(2);
  });

  it('two at once run once; the owner’s keys are others than the operator’s', async () => {
    const create = () => owner('POST', `${account}/users`, { login: 'together', password: 'Abcd1234' }, once('user-1'));
    const statuses = (await Promise.all([create(), create()])).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([]);
    expect((await create()).status).toBe(200);
  });
});

it('an account that is there may be made again as it is, and not with another description', async () => {
  const create = (body: object) => operator('POST', '/accounts', { serviceName: 'sms-kw00030-1', ...body });
  expect((await create({ description: 'Parcels' })).status).toBe(200);
  expect((await create({ description: 'Parcels' })).status).toBe(200);
  expect((await create({})).status).toBe(200);
  expect(await create({ description: 'Letters' })).toMatchObject({ status: 409, body: { message: 'serviceName is an account already, with another description: PUT changes it' } });
});

it('what the account has not bought is empty, unknown or refused', async () => {
  expect((await owner('GET', `${account}/phonebooks`)).body).toEqual([]);
  expect((await owner('GET', `${account}/users/demo/receivers`)).body).toEqual([]);
  expect((await owner('GET', `${account}/hlr/5`)).status).toBe(404);
  expect(await owner('POST', `${account}/hlr`, {})).toMatchObject({ status: 403, body: { message: 'This option is not available on this service' } });
});

it('credits go to another account of the same owner, and to no other', async () => {
  await operator('POST', '/accounts', { serviceName: 'sms-kw00009-1' });
  expect(await owner('POST', `${account}/transferCredits`, { credits: 5, smsAccountTarget: 'sms-kw00009-1' })).toMatchObject({
    status: 400,
    body: { message: 'smsAccountTarget must be an account of the same owner' },
  });
});
