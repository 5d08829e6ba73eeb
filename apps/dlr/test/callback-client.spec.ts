import { AddressGuard } from '../src/send-callbacks/address-guard.js';
import { AttemptCutShort, CallbackClient } from '../src/send-callbacks/callback.client.js';
import { closeAll, startEndpoint } from './dlr-under-test.js';

afterEach(closeAll);

const attempt = async (url: string, timeoutMs: number, abort = new AbortController()) => {
  const client = new CallbackClient(new AddressGuard(['127.0.0.0/8', '::1/128']), 1, timeoutMs);
  try {
    return await client.send({ method: 'GET', url, headers: {} }, abort);
  } finally {
    await client.close();
  }
};

it('an endpoint that does not answer in time is a failed attempt', async () => {
  const endpoint = await startEndpoint(() => undefined);
  expect(await attempt(endpoint.url, 50)).toMatchObject({ status: null, reason: 'time-out', retryAfter: undefined, address: '127.0.0.1' });
});

it('an endpoint whose body does not end in time has answered', async () => {
  const endpoint = await startEndpoint((_, response) => void response.writeHead(200).write('O'));
  expect(await attempt(endpoint.url, 100)).toMatchObject({ status: 200, reason: null });
});

it('an attempt that dlr ends says so', async () => {
  const abort = new AbortController();
  const endpoint = await startEndpoint(() => abort.abort(new AttemptCutShort()));
  expect(await attempt(endpoint.url, 5_000, abort)).toMatchObject({ status: null, reason: 'cut-short' });
});

it('a connection that breaks is a reason without an address', async () => {
  const endpoint = await startEndpoint((_, response) => void response.destroy());
  expect(await attempt(endpoint.url, 5_000)).toMatchObject({ status: null, reason: 'UND_ERR_SOCKET' });
});

it('a name that does not exist is a reason', async () => {
  expect(await attempt('http://does-not-exist.invalid/', 5_000)).toMatchObject({ status: null, reason: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/) });
});

it('name and password of the URL are sent as HTTP takes them, and Retry-After comes back', async () => {
  const endpoint = await startEndpoint((_, response) => void response.writeHead(503, { 'retry-after': '7' }).end());
  const answer = await attempt(endpoint.url.replace('http://', 'http://shop:p%40ss@'), 5_000);
  expect(answer).toMatchObject({ status: 503, reason: null, retryAfter: '7' });
  expect(endpoint.called[0]?.headers).toMatchObject({ authorization: `Basic ${btoa('shop:p@ss')}`, 'user-agent': 'Kwota' });
});

it('a proxy named in the environment is not used', async () => {
  const proxy = await startEndpoint();
  const endpoint = await startEndpoint();
  process.env['http_proxy'] = proxy.url;
  try {
    expect(await attempt(endpoint.url, 5_000)).toMatchObject({ status: 200 });
  } finally {
    delete process.env['http_proxy'];
  }
  expect(proxy.called).toEqual([]);
});
