import { startKwota, type KwotaProcess } from '@kwota/testing/kwota-process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const dataDir = mkdtempSync(join(tmpdir(), 'kwota-bad-input-'));
const login = 'é&=+%';
const secretText = 'a text that no log may hold';
let kwota: KwotaProcess;
beforeAll(async () => {
  kwota = await startKwota(dataDir);
}, 30_000);
afterAll(async () => {
  await kwota.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

/** The bytes of the path as they are: fetch would mend some of them. */
const call = (method: string, path: string, body = '', headers: Record<string, string> = {}): Promise<{ status: number; queryId: boolean; body: string }> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(kwota.url);
    const outgoing = request({ method, path, hostname, port, headers: { ...headers, ...(body ? { 'content-length': String(Buffer.byteLength(body)) } : {}) } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, queryId: 'x-ovh-queryid' in answer.headers, body: Buffer.concat(chunks).toString() }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
const operator = (method: string, path: string, body = '') =>
  call(method, `/operator/accounts/${kwota.first.serviceName}${path}`, body, { authorization: `Bearer ${kwota.first.operatorToken}` });
const query = (changes: Record<string, string> = {}): string => {
  const { serviceName, password, sender } = kwota.first;
  const all = { account: serviceName, login: 'demo', password, from: sender, to: '+33600000004', message: secretText, noStop: '1', contentType: 'text/json' };
  return new URLSearchParams({ ...all, ...changes }).toString();
};
const http2sms = async (changes: Record<string, string>): Promise<number> => (JSON.parse((await call('GET', `/http2sms?${query(changes)}`)).body) as { status: number }).status;
const creditsLeft = async (): Promise<number> => (JSON.parse((await operator('GET', '')).body) as { creditsLeft: number }).creditsLeft;

it('bad input is a 4xx that says why, with a query id, and charges nothing', async () => {
  const before = await creditsLeft();
  const long = 'x'.repeat(65);
  const refused = [
    ...['null', '[]', '5', '{', '{"login":{}}', '{"login":"a\\u0000","password":"Abcd1234"}'].map((body) => operator('POST', '/users', body)),
    ...['[]', '{"quotaInformations":[]}', '{"quotaInformations":{"quotaLeft":1e-7,"quotaStatus":"active"}}', '{"callBack":{}}'].map((body) => operator('PUT', '/users/demo', body)),
    ...['GET', 'PUT', 'DELETE'].map((method) => operator(method, `/users/${long}`)),
    operator('GET', '/users/%zz'),
    operator('POST', '/credits', '{"credits":1e-9,"reference":"a"}'),
    call('GET', '/1.0/sms', '', { 'x-ovh-application': long, 'x-ovh-consumer': long }),
    call('GET', '/http2sms/%zz?password=abc'),
    call('POST', '/auth/oauth2/token', 'grant_type=client_credentials', { authorization: `Basic ${Buffer.from('%zz:%').toString('base64')}` }),
    call('POST', `/http2sms?${query()}`, 'x'.repeat(1_100_000)),
  ];
  for (const answer of await Promise.all(refused)) {
    expect([Math.floor(answer.status / 100), answer.queryId]).toEqual([4, true]);
    expect(answer.body).not.toContain('abc');
  }
  for (const method of ['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH']) expect((await call(method, `/http2sms?${query()}`)).status).toBe(200);
  expect(await creditsLeft()).toBe(before);
});

it('http2sms reads a form under any content type, and the Idempotency-Key of the REST API', async () => {
  const send = () => call('POST', '/cgi-bin/sms/http2sms.cgi', query(), { 'content-type': 'text/plain', 'idempotency-key': 'once' });
  const first = await send();
  expect(JSON.parse(first.body)).toMatchObject({ status: 100 });
  expect((await send()).body).toBe(first.body);
});

it('a change answered 200 holds for the very next http2sms call', async () => {
  const path = `/users/${encodeURIComponent(login)}`;
  for (let round = 0; round < 5; round += 1) {
    const [old, fresh] = ['Before01', `After_0${round}`];
    expect((await operator('POST', '/users', JSON.stringify({ login, password: old }))).status).toBe(200);
    expect(await http2sms({ login, password: old })).toBe(100);
    expect((await operator('PUT', path, JSON.stringify({ password: fresh }))).status).toBe(200);
    expect(await http2sms({ login, password: old })).toBe(401);
    expect(await http2sms({ login, password: fresh })).toBe(100);
    expect((await operator('PUT', path, '{"ipRestrictions":["8.8.8.8"]}')).status).toBe(200);
    expect(await http2sms({ login, password: fresh })).toBe(401);
    expect((await operator('PUT', path, '{"ipRestrictions":[]}')).status).toBe(200);
    expect(await http2sms({ login, password: fresh })).toBe(100);
    expect((await operator('DELETE', path)).status).toBe(200);
    expect(await http2sms({ login, password: fresh })).toBe(401);
  }
}, 30_000);

it('forty right calls at once after a change are no forty guesses', async () => {
  const password = 'Before02';
  expect((await operator('POST', '/users', JSON.stringify({ login: 'crowd', password }))).status).toBe(200);
  const statuses = await Promise.all(Array.from({ length: 40 }, () => http2sms({ login: 'crowd', password })));
  expect(new Set(statuses)).toEqual(new Set([100]));
});

it('forty guesses at once are counted before they are answered', async () => {
  const statuses = await Promise.all(Array.from({ length: 40 }, (_, index) => http2sms({ login: 'guessed', password: `Guess_${index + 10}` })));
  expect(statuses.filter((status) => status === 401)).toHaveLength(10);
  expect(statuses.filter((status) => status === 429)).toHaveLength(30);
});

it('none of it is in the log', () => {
  const written = kwota.output.filter((line) => !line.startsWith('  ')).join('\n');
  for (const secret of [kwota.first.password, kwota.first.operatorToken, secretText, 'Before0', 'After_', 'Guess_', '33600000004', 'message=']) expect(written).not.toContain(secret);
});
