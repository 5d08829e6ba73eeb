import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { run } from './cli-under-test.js';

type Asked = { method: string; url: string; authorization: string | undefined; body: string };

/** Answers every request with the same. */
const answering = async (status: number, body: string) => {
  const asked: Asked[] = [];
  const server: Server = createServer((request, response) => {
    let received = '';
    request.on('data', (chunk) => (received += chunk));
    request.on('end', () => {
      asked.push({ method: request.method ?? '', url: request.url ?? '', authorization: request.headers.authorization, body: received });
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const environment = { KWOTA_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, KWOTA_OPERATOR_TOKEN: 'op-token' };
  return { asked, environment, close: () => new Promise((resolve) => server.close(resolve)) };
};

describe('exit codes', () => {
  it('0 when it was done', async () => {
    const api = await answering(200, '["sms-kw00001-1","sms-kw00002-1"]');
    expect(await run(['account', 'list'], api.environment)).toEqual({ exitCode: 0, out: 'sms-kw00001-1\nsms-kw00002-1\n', error: '' });
    expect(await run(['account', 'list', '--json'], api.environment)).toMatchObject({ out: '["sms-kw00001-1","sms-kw00002-1"]\n' });
    expect(api.asked[0]).toMatchObject({ method: 'GET', url: '/operator/accounts', authorization: 'Bearer op-token' });
    await api.close();
  });

  it('1 when it was refused, with the reason', async () => {
    const api = await answering(409, '{"class":"Client::Conflict","message":"reference was used for another amount"}');
    const command = ['credits', 'add', 'sms-kw00001-1', '5', '--reference', 'r1'];
    expect(await run(command, api.environment)).toEqual({ exitCode: 1, out: '', error: 'reference was used for another amount\n' });
    const asJson = await run([...command, '--json'], api.environment);
    expect(JSON.parse(asJson.out)).toEqual({ outcome: 'refused', httpStatus: 409, message: 'reference was used for another amount' });
    expect(api.asked[0]).toMatchObject({ url: '/operator/accounts/sms-kw00001-1/credits', body: '{"credits":5,"reference":"r1"}' });
    await api.close();
  });

  it.each([
    [['credits', 'add', 'sms-kw00001-1', '1.2345', '--reference', 'r']],
    [['credits', 'add', 'sms-kw00001-1', '1']],
    [['user', 'set', 'sms-kw00001-1', 'anna', '--support', 'pigeon']],
    [['user', 'set', 'sms-kw00001-1', 'anna']],
    [['audit', 'replay', '--until', 'yesterday']],
    [['account']],
    [['credits', 'adjust', 'sms-kw00001-1', '1', '--reference', 'r']],
    [['dead-letters', 'replay']],
    [['carriers', 'set', 'default']],
    [['user', 'set', 'sms-kw00001-1', 'anna', '--password', '']],
    [['user', 'set', 'sms-kw00001-1', 'anna', '--password', '-']],
    [['callbacks', 'replay', '--from', 'yesterday']],
    [['audit', 'keygen', '--name', 'sms.example.org/ledger', '--out', 'not-there/key']],
  ])('2 for %j', async (commandLine) => {
    expect((await run(commandLine, { KWOTA_URL: 'http://127.0.0.1:9', KWOTA_OPERATOR_TOKEN: 'x' })).exitCode).toBe(2);
  });

  it('2 when no installation is named', async () => expect((await run(['account', 'list'], { KWOTA_DATA_DIR: 'not-there' })).exitCode).toBe(2));

  it('2 when there are no events to replay', async () => expect((await run(['audit', 'replay'], { KWOTA_DATA_DIR: 'not-there' })).exitCode).toBe(2));

  it.each([
    [['credits', 'add', 'sms-kw00001-1', '1.2345', '--reference', 'r', '--json'], /three decimals/],
    [['user', 'set', 'sms-kw00001-1', 'anna', '--password', '-', '--json'], /standard input is empty/],
    [['topics', 'show', '--json'], /^configuration: KWOTA_KAFKA_BROKERS: "rubbish" is not host:port; KWOTA_KAFKA_TLS: /],
  ])('2 for %j is JSON too', async (commandLine, message) => {
    const environment = { KWOTA_URL: 'http://127.0.0.1:9', KWOTA_OPERATOR_TOKEN: 'x', KWOTA_KAFKA_BROKERS: 'kafka:9092,rubbish', KWOTA_KAFKA_TLS: 'maybe' };
    const { exitCode, out } = await run(commandLine, environment);
    expect([exitCode, JSON.parse(out)]).toEqual([2, { outcome: 'usage', message: expect.stringMatching(message) }]);
  });

  it('3 when nobody answers where the events are kept', async () => {
    const openEvents = () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' }));
    const { exitCode, error } = await run(['audit', 'replay'], { KWOTA_EVENT_STORE_URL: 'postgres://kwota:secret@127.0.0.1:9/kwota' }, { openEvents });
    expect([exitCode, error]).toEqual([3, 'postgres://127.0.0.1:9/kwota does not answer: connect ECONNREFUSED 127.0.0.1:9\n']);
  });

  it('an import is refused by wrong keys (1), and finds nobody where a server fails (3)', async () => {
    const keys = { OVH_APPLICATION_KEY: 'a', OVH_APPLICATION_SECRET: 'b', OVH_CONSUMER_KEY: 'c' };
    for (const [status, expected] of [[403, 1], [500, 3]] as const) {
      const ovh = await answering(status, '{"message":"This credential is not valid"}');
      const { exitCode, error } = await run(['import', 'ovh', 'sms-xx00001-1', '--endpoint', ovh.environment.KWOTA_URL], { ...ovh.environment, ...keys });
      expect([exitCode, error]).toEqual([expected, expect.stringContaining('This credential is not valid')]);
      await ovh.close();
    }
  });

  it('3 when nobody answers', async () => {
    const api = await answering(200, '[]');
    await api.close();
    expect(await run(['account', 'list'], api.environment)).toMatchObject({ exitCode: 3, out: '' });
  });

  it('3 when the services behind the gateway do not answer it', async () => {
    const api = await answering(503, '{"message":"Temporarily unavailable (users), nothing was charged"}');
    expect((await run(['account', 'list'], api.environment)).exitCode).toBe(3);
    await api.close();
  });

  it('3 when it is another server that answers', async () => {
    const api = await answering(200, '{"hello":"world"}');
    expect((await run(['account', 'list'], api.environment)).exitCode).toBe(3);
    await api.close();
  });

  it('0 for help, which tells the exit codes', async () => {
    const { exitCode, out } = await run(['--help'], {});
    expect(exitCode).toBe(0);
    expect(out).toContain('Exit codes: 0 ok');
  });
});

describe('passwords', () => {
  it('come from standard input, out of sight of ps', async () => {
    const api = await answering(200, 'null');
    expect(await run(['user', 'create', 'sms-kw00001-1', 'anna', '--password', '-'], api.environment, { stdin: 'Abcd1234\n' })).toEqual({ exitCode: 0, out: 'anna created\n', error: '' });
    expect(api.asked[0]?.body).toBe('{"login":"anna","password":"Abcd1234"}');
    await api.close();
  });

  it('are made up and shown once when none is given', async () => {
    const api = await answering(200, 'null');
    const { out } = await run(['user', 'create', 'sms-kw00001-1', 'anna', '--json'], api.environment);
    const { password } = JSON.parse(out) as { password: string };
    expect(password).toMatch(/^\w{8}$/);
    expect(JSON.parse(api.asked[0]?.body ?? '')).toEqual({ login: 'anna', password });
    await api.close();
  });
});

it.each([
  [['credits', 'adjust', 'sms-kw00001-1', '--reference', 'r', '--reason', 'goodwill', '--', '-0.5'], 'POST', '/operator/accounts/sms-kw00001-1/adjustments'],
  [['dead-letters', 'replay', 'receipts-3-17'], 'POST', '/operator/dead-letters/receipts-3-17/replay'],
  [['dead-letters', 'drop', 'receipts-3-17'], 'DELETE', '/operator/dead-letters/receipts-3-17'],
])('%j asks %s %s', async (commandLine, method, url) => {
  const api = await answering(200, url.endsWith('adjustments') ? '{"creditsLeft":199.5}' : 'null');
  expect((await run(commandLine, api.environment)).exitCode).toBe(0);
  expect(api.asked).toMatchObject([{ method, url }]);
  await api.close();
});
