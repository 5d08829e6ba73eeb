import { startKwota, type KwotaProcess } from '@kwota/testing/kwota-process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { operatorClient, ownerClient, signedClient, type V6Client } from './v6-client.js';

const dataDir = mkdtempSync(join(tmpdir(), 'kwota-owners-'));
const password = 'correct horse battery';
const all = ['GET', 'POST', 'PUT', 'DELETE'].map((method) => ({ method, path: '/*' }));
let kwota: KwotaProcess;
let owner: V6Client;
let operator: V6Client;
let account: string;
beforeAll(async () => {
  kwota = await startKwota(dataDir, { KWOTA_REQUESTS_PER_MINUTE: '500' });
  owner = await ownerClient(kwota.url, kwota.first);
  operator = operatorClient(kwota.url, kwota.first.operatorToken);
  account = `/sms/${kwota.first.serviceName}`;
}, 60_000);
afterAll(async () => {
  await kwota.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

/** What is published is read back within moments. */
const until = async <Value>(look: () => Promise<Value>, isThere: (value: Value) => boolean): Promise<Value> => {
  for (let value = await look(); ; value = await look()) {
    if (isThere(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
const http2sms = async (changes: Record<string, string>): Promise<{ status: number; SmsIds: string[] }> => {
  const { serviceName, sender } = kwota.first;
  const query = new URLSearchParams({ account: serviceName, login: 'demo', password: kwota.first.password, from: sender, to: '+33600000004', message: 'Hello', noStop: '1', contentType: 'text/json', ...changes });
  return (await (await fetch(new URL(`/http2sms?${query}`, kwota.url))).json()) as { status: number; SmsIds: string[] };
};

describe('a consumer key (OVH.md 2.1)', () => {
  const ask = async () => {
    const response = await fetch(new URL('/1.0/auth/credential', kwota.url), {
      method: 'POST',
      headers: { 'x-ovh-application': kwota.first.applicationKey, 'content-type': 'application/json' },
      body: JSON.stringify({ accessRules: [{ method: 'GET', path: '/sms/*' }, { method: 'POST', path: '/auth/logout' }, { method: 'GET', path: '/auth/*' }], redirection: 'https://example.org/done', allowedIPs: null }),
    });
    const { consumerKey, state, validationUrl } = (await response.json()) as { consumerKey: string; state: string; validationUrl: string };
    const { applicationKey, applicationSecret } = kwota.first;
    return { state, validationUrl, client: signedClient(kwota.url, { applicationKey, applicationSecret, consumerKey }) };
  };
  const decide = (validationUrl: string, fields: Record<string, string>) =>
    fetch(new URL('/auth/', kwota.url), {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ credentialToken: new URL(validationUrl).searchParams.get('credentialToken') ?? '', owner: 'kw1-kwota', password, duration: '3600', decision: 'grant', ...fields }),
    });
  beforeAll(() => operator('PUT', '/owners/kw1-kwota', { password, email: 'owner@example.org', firstname: 'Anna' }));

  it('is asked for, validated on a page by its owner, good within its rules, and ended', async () => {
    const { state, validationUrl, client } = await ask();
    expect(state).toBe('pendingValidation');
    expect((await client('GET', '/sms')).body).toMatchObject({ errorCode: 'INVALID_CREDENTIAL', httpCode: '403 Forbidden', message: 'This credential is not valid' });
    const page = await fetch(validationUrl);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('GET /sms/*')]);
    expect((await decide(validationUrl, { password: 'a wrong password' })).status).toBe(401);
    const granted = await decide(validationUrl, {});
    expect([granted.status, granted.headers.get('location')]).toEqual([302, 'https://example.org/done']);
    expect((await decide(validationUrl, {})).status).toBe(404);

    expect((await client('GET', account)).body).toMatchObject({ name: kwota.first.serviceName });
    expect((await client('POST', `${account}/users`, { login: 'no', password: 'Abcd1234' })).body).toMatchObject({ errorCode: 'NOT_GRANTED_CALL', message: 'This call has not been granted' });
    expect((await client('GET', '/auth/currentCredential')).body).toMatchObject({ status: 'validated', ovhSupport: false, expiration: expect.any(String), rules: expect.arrayContaining([{ method: 'GET', path: '/sms/*' }]) });
    expect((await client('POST', '/auth/logout')).body).toBeNull();
    expect((await client('GET', account)).body).toMatchObject({ errorCode: 'INVALID_CREDENTIAL' });
  });

  it('that is refused opens nothing', async () => {
    const { validationUrl, client } = await ask();
    await decide(validationUrl, { decision: 'refuse' });
    expect((await client('GET', '/sms')).status).toBe(403);
  });

  it('an unknown application gets none; what it asks for is checked', async () => {
    const post = async (headers: Record<string, string>, body: string) =>
      (await fetch(new URL('/1.0/auth/credential', kwota.url), { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })).json();
    expect(await post({ 'x-ovh-application': 'nobody-s-key' }, '{"accessRules":[{"method":"GET","path":"/*"}]}')).toMatchObject({ errorCode: 'INVALID_KEY' });
    const mine = { 'x-ovh-application': kwota.first.applicationKey };
    expect(await post(mine, '{"accessRules":[{"method":"GET","path":"/*"}],"redirection":"javascript:alert(1)"}')).toMatchObject({ message: 'redirection must be an http or https URL' });
    expect(await post(mine, '{"accessRules":[{"method":"GET","path":"/*"}],"allowedIPs":["nowhere"]}')).toMatchObject({ class: 'Client::BadRequest' });
  });

  it('the owner sees who he is and what keys there are', async () => {
    expect((await owner('GET', '/me')).body).toMatchObject({ nichandle: 'kw1-kwota', email: 'owner@example.org', firstname: 'Anna' });
    const [applicationId] = (await owner('GET', '/me/api/application')).body as number[];
    expect((await owner('GET', `/me/api/application/${applicationId}`)).body).toMatchObject({ applicationKey: kwota.first.applicationKey, status: 'active' });
    expect((await owner('GET', '/auth/details')).body).toMatchObject({ account: 'kw1-kwota', method: 'oauth2', user: kwota.first.clientId });
  });
});

describe('an operator', () => {
  it('gives an owner several accounts, an application, and a new secret that overlaps with the one before', async () => {
    await operator('POST', '/accounts', { serviceName: 'sms-kw00002-1' });
    await operator('POST', '/owners', { ownerId: 'kw2-kwota', accounts: ['sms-kw00002-1', kwota.first.serviceName] });
    const made = (await operator('POST', '/owners/kw2-kwota/applications', { name: 'Parcels', accessRules: all })).body as { applicationKey: string; applicationSecret: string; consumerKey: string };
    expect((await signedClient(kwota.url, made)('GET', '/sms')).body).toEqual(['sms-kw00002-1', kwota.first.serviceName]);
    const rotated = (await operator('POST', `/owners/kw2-kwota/applications/${made.applicationKey}/rotate`, {})).body as typeof made;
    for (const applicationSecret of [made.applicationSecret, rotated.applicationSecret])
      expect((await signedClient(kwota.url, { ...made, applicationSecret })('GET', '/sms')).status).toBe(200);
    await operator('POST', `/owners/kw2-kwota/applications/${made.applicationKey}/rotate`, { overlapHours: 0 });
    expect((await signedClient(kwota.url, made)('GET', '/sms')).body).toMatchObject({ errorCode: 'INVALID_SIGNATURE' });

    const client = (await operator('POST', '/owners/kw2-kwota/clients', { name: 'Parcels' })).body as { clientId: string; clientSecret: string };
    const second = await ownerClient(kwota.url, client);
    expect((await second('GET', '/sms')).body).toEqual(['sms-kw00002-1', kwota.first.serviceName]);
    // His own accounts may share credit.
    expect((await second('POST', `${account}/transferCredits`, { credits: 5, smsAccountTarget: 'sms-kw00002-1' }, { 'idempotency-key': 'once' })).body).toBeNull();
    expect((await second('POST', `${account}/transferCredits`, { credits: 5, smsAccountTarget: 'sms-kw00002-1' }, { 'idempotency-key': 'once' })).body).toBeNull();
    expect(await second('POST', `${account}/transferCredits`, { credits: 5_000, smsAccountTarget: 'sms-kw00002-1' })).toMatchObject({ status: 402, body: { message: 'Not enough credits (left: 195.00)' } });
    await until(
      () => second('GET', '/sms/sms-kw00002-1'),
      ({ body }) => (body as { creditsLeft: number }).creditsLeft === 5,
    );
  });

  it('who is an auditor reads and changes nothing; one taken away is out', async () => {
    const { operatorToken } = (await operator('POST', '/operators', { name: 'anna', role: 'auditor' })).body as { operatorToken: string };
    const auditor = operatorClient(kwota.url, operatorToken);
    expect((await auditor('GET', '/accounts')).status).toBe(200);
    expect(await auditor('POST', '/accounts', {})).toMatchObject({ status: 403, body: { message: 'An auditor may read, and change nothing' } });
    expect((await auditor('GET', '/operators')).body).toEqual([
      { name: 'first', role: 'admin' },
      { name: 'anna', role: 'auditor' },
    ]);
    await operator('DELETE', '/operators/anna');
    expect((await auditor('GET', '/accounts')).status).toBe(401);
  });

  it('sees who changed what, without values', async () => {
    await owner('PUT', `${account}/users/demo`, { callBack: 'https://example.org/secret-path' });
    await owner('PUT', `${account}/users/nobody`, { password: 'Abcd1234' });
    type Change = { by: string; action: string; outcome: string };
    const { body } = await until(
      () => operator('GET', `/changes?account=${kwota.first.serviceName}`),
      (answer) => (answer.body as Change[]).filter(({ outcome }) => outcome === 'refused').length > 0,
    );
    const action = 'PUT /sms/{serviceName}/users/{login}';
    const by = `client:${kwota.first.clientId}`;
    const decisions = (await operator('GET', '/changes')).body as (Change & { subjects: string[] })[];
    expect(decisions.filter((one) => one.action === 'POST /auth').map(({ by: who, subjects, outcome }) => [who, subjects, outcome])).toEqual([
      ['owner:kw1-kwota', ['grant'], 'done'],
      ['owner:kw1-kwota', ['refuse'], 'done'],
    ]);
    expect(body).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ by, action, subjects: ['demo'], fields: ['callBack'], outcome: 'done' }),
        expect.objectContaining({ by, action, subjects: ['nobody'], fields: ['password'], outcome: 'refused' }),
      ]),
    );
    expect(JSON.stringify(body)).not.toMatch(/secret-path|Abcd1234/);
    expect((await operator('GET', '/changes')).body).toEqual(expect.arrayContaining([expect.objectContaining({ by: 'operator:first', account: null, action: 'POST /operator/operators' })]));
  });
});

describe('a token of OAuth2 follows its client at once', () => {
  type Client = { clientId: string; clientSecret: string };
  const client = async (): Promise<Client> => (await operator('POST', '/owners/kw3-kwota/clients', {})).body as Client;
  beforeAll(() => operator('POST', '/owners', { ownerId: 'kw3-kwota', accounts: [kwota.first.serviceName] }));

  it('loses the accounts that its owner loses, and gains what he gains', async () => {
    const token = await ownerClient(kwota.url, await client());
    expect((await token('GET', '/sms')).body).toEqual([kwota.first.serviceName]);
    await operator('PUT', '/owners/kw3-kwota', { accounts: [] });
    expect(await token('GET', account)).toMatchObject({ status: 404 });
    await operator('PUT', '/owners/kw3-kwota', { accounts: [kwota.first.serviceName] });
    expect(await token('GET', account)).toMatchObject({ status: 200 });
  });

  it('is good while its secret is: through the overlap, and not after it', async () => {
    const made = await client();
    const [token, rotate] = [await ownerClient(kwota.url, made), `/owners/kw3-kwota/clients/${made.clientId}/rotate`];
    await operator('POST', rotate, {});
    expect((await token('GET', '/sms')).status).toBe(200);
    await operator('POST', rotate, { overlapHours: 0 });
    expect(await token('GET', '/sms')).toMatchObject({ status: 401, body: { message: 'This token is not valid' } });
  });

  it('ends with its client, and with its owner', async () => {
    const [first, second] = [await client(), await client()];
    const [tokenOfFirst, tokenOfSecond] = [await ownerClient(kwota.url, first), await ownerClient(kwota.url, second)];
    await operator('DELETE', `/owners/kw3-kwota/clients/${first.clientId}`);
    expect((await tokenOfFirst('GET', '/sms')).status).toBe(401);
    expect((await tokenOfSecond('GET', '/sms')).status).toBe(200);
    await operator('DELETE', '/owners/kw3-kwota');
    expect((await tokenOfSecond('GET', '/sms')).status).toBe(401);
  });
});

describe('a sender', () => {
  it('is asked for with a reason, validated by the code that the operator has, and switched off again', async () => {
    const senders = `${account}/senders`;
    expect(await owner('POST', senders, { sender: 'Parcels' })).toMatchObject({ status: 400, body: { message: 'Please provide a reason' } });
    expect((await owner('POST', senders, { sender: 'Parcels', reason: 'Our trade mark' })).body).toBe('Parcels');
    expect((await owner('GET', `${senders}/Parcels`)).body).toEqual({ sender: 'Parcels', description: '', status: 'waitingValidation', comment: null, referer: 'custom', type: 'alpha', validationMedia: null });
    expect((await http2sms({ from: 'Parcels' })).status).toBe(241);
    const { code } = (await operator('GET', `/accounts/${kwota.first.serviceName}/senders/Parcels`)).body as { code: string };
    expect((await owner('POST', `${senders}/Parcels/validate`, { code: 'wrong' })).status).toBe(400);
    expect((await owner('POST', `${senders}/Parcels/validate`, { code })).body).toBeNull();
    expect((await http2sms({ from: 'Parcels' })).status).toBe(100);
    await owner('PUT', `${senders}/Parcels`, { status: 'disable' });
    expect((await http2sms({ from: 'Parcels' })).status).toBe(241);
    await owner('DELETE', `${senders}/Parcels`);
    expect((await owner('GET', `${senders}/Parcels`)).status).toBe(404);
  });

  it('for answers is the installation’s number', async () => {
    expect((await http2sms({ from: '', senderForResponse: '1' })).status).toBe(100);
    const { body } = await owner('POST', `${account}/users/demo/jobs`, { message: 'Answer', receivers: ['+33600000004'], senderForResponse: true, sender: 'ignored', noStopClause: true });
    const [id] = (body as { ids: number[] }).ids;
    const { body: sent } = await owner('GET', `${account}/outgoing/${id}`);
    expect(sent).toMatchObject({ sender: '36184' });
  });
});

it('a document of messages is an id, then its size and address, then CSV', async () => {
  const { SmsIds } = await http2sms({ tag: 'export', message: 'say "hi"; now' });
  // Delivered, so that its line no longer changes between its size and its text.
  await until(
    () => owner('GET', `${account}/outgoing?tag=export&deliveryReceipt=1`),
    ({ body }) => (body as number[]).length === 1,
  );
  const { body: id } = await owner('GET', `${account}/users/demo/document?wayType=outgoing&tag=export`);
  const { body: document } = await owner('GET', `/me/document/${String(id)}`);
  const { size, getUrl } = document as { size: number; getUrl: string };
  const csv = await (await fetch(getUrl)).text();
  expect(Buffer.byteLength(csv)).toBe(size);
  const [header, row, ...more] = csv.split('\n');
  expect(header).toBe('id;date;sender;receiver;ptt;operatorCode;descriptionDlr;tag;message;sentAt;deliveredAt');
  expect(row).toMatch(new RegExp(`^${SmsIds[0]};\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d;"KWOTA";\\+33600000004;\\d+;;"[\\w /]+";"export";"say ""hi""; now";`));
  expect(more).toEqual(['']);
  const asFile = async (query: string) => (await owner('GET', `${account}/users/demo/outgoing.csv?tag=export&${query}`)).body;
  expect(await asFile('receiver=%2B33600000004&sender=KWOTA&differedDelivery=0')).toMatch(new RegExp(`^${header}\n${SmsIds[0]};[^\n]*\n$`));
  expect(await asFile('receiver=%2B33600000005')).toBe(`${header}\n`);
  expect((await owner('GET', `${account}/outgoing.csv?ptt=four`)).body).toMatchObject({ message: 'ptt must be a whole number' });
  expect((await fetch(`${getUrl.slice(0, -1)}${getUrl.endsWith('0') ? '1' : '0'}`)).status).toBe(404);
  expect((await owner('GET', `${account}/document`)).status).toBe(400);
});

it('usage is told by user, as JSON and as CSV', async () => {
  const { body } = await owner('GET', `${account}/usage`);
  expect(body).toEqual(expect.arrayContaining([expect.objectContaining({ login: 'demo', messages: expect.any(Number), credits: expect.any(Number) })]));
  const { headers, body: csv } = await operator('GET', `/accounts/${kwota.first.serviceName}/usage?format=csv&from=2020-01-01T00:00:00Z`);
  expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(String(csv).split('\n')[0]).toBe('login;userId;messages;parts;delivered;failed;notBilled;underWay;credits');
  expect(String(csv)).toContain('"demo";');
});

it('a user’s limit holds for http2sms and REST together, and goes again', async () => {
  await operator('POST', `/accounts/${kwota.first.serviceName}/users`, { login: 'limited', password: 'Limit_01' });
  const set = (messagesPerMinute: number) => operator('PUT', `/accounts/${kwota.first.serviceName}/users/limited`, { messagesPerMinute });
  await set(3);
  expect((await operator('GET', `/accounts/${kwota.first.serviceName}/users/limited`)).body).toMatchObject({ messagesPerMinute: 3 });
  const send = (to: string) => http2sms({ login: 'limited', password: 'Limit_01', to });
  expect((await send('+33600000004,+33600000005')).status).toBe(100);
  expect(await owner('POST', `${account}/users/limited/jobs`, { message: 'm', receivers: ['+33600000004', '+33600000005'], sender: kwota.first.sender, noStopClause: true })).toMatchObject({ status: 429 });
  expect((await send('+33600000004')).status).toBe(100);
  expect((await send('+33600000004')).status).toBe(429);
  await set(0);
  expect((await send('+33600000004')).status).toBe(100);
});

it('calls are limited, and the headers say what is left', async () => {
  const { headers } = await owner('GET', '/sms');
  expect([headers.get('ratelimit-limit'), Number(headers.get('ratelimit-remaining')) < 500, Number(headers.get('ratelimit-reset')) <= 60]).toEqual(['500', true, true]);
  for (let calls = 0; calls < 500; calls += 50) await Promise.all(Array.from({ length: 50 }, () => owner('GET', '/sms')));
  const refused = await owner('GET', '/sms');
  // A minute may have passed on a slow machine: then it is allowed again.
  if (refused.status !== 200) expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true]);
});
