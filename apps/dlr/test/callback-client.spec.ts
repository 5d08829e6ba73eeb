import type { ServerResponse } from 'node:http';
import { AddressGuard } from '../src/send-callbacks/address-guard.js';
import { CallbackClient } from '../src/send-callbacks/callback.client.js';
import { AttemptCutShort, HttpAttempt } from '../src/send-callbacks/http-attempt.js';
import { closeAll, startEndpoint } from './dlr-under-test.js';

afterEach(closeAll);

const guard = new AddressGuard(['127.0.0.0/8', '::1/128']);
const attempt = async (url: string, timeoutMs: number, http = new HttpAttempt()) => {
  const client = new CallbackClient(guard, 1, timeoutMs);
  try {
    return await client.send({ method: 'GET', url, headers: {} }, http);
  } finally {
    await client.close();
  }
};

/** Attempts one after the other by one client, each to the URL at its place. */
const attempts = async (urls: readonly string[], endpointsMax?: number) => {
  const client = new CallbackClient(guard, 1, 5_000, endpointsMax);
  try {
    const answers = [];
    for (const url of urls) answers.push(await client.send({ method: 'GET', url, headers: {} }, new HttpAttempt()));
    return answers;
  } finally {
    await client.close();
  }
};

/** Answers as told, and tells from which connection each request came. */
const startCounted = async (answer: (response: ServerResponse) => void) => {
  const connections = new Set<unknown>();
  const endpoint = await startEndpoint((_, response) => {
    connections.add(response.socket);
    answer(response);
  });
  return { ...endpoint, connections };
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
  const http = new HttpAttempt();
  const endpoint = await startEndpoint(() => http.end(new AttemptCutShort()));
  expect(await attempt(endpoint.url, 5_000, http)).toMatchObject({ status: null, reason: 'cut-short' });
});

it('an attempt that dlr has ended before it began is not made', async () => {
  const http = new HttpAttempt();
  http.end(new AttemptCutShort());
  const endpoint = await startEndpoint();
  expect(await attempt(endpoint.url, 5_000, http)).toMatchObject({ status: null, reason: 'cut-short' });
  expect(endpoint.called).toEqual([]);
});

it('an attempt that dlr ends while its connection is made is not sent', async () => {
  const http = new HttpAttempt();
  const endpoint = await startEndpoint();
  const answering = attempt(endpoint.url, 5_000, http);
  http.end(new AttemptCutShort());
  expect(await answering).toMatchObject({ status: null, reason: 'cut-short' });
  expect(endpoint.called).toEqual([]);
});

it('an attempt that dlr ends in the body of its answer was answered', async () => {
  class EndedInBody extends HttpAttempt {
    override onResponseData(): void {
      this.end(new AttemptCutShort());
    }
  }
  const endpoint = await startEndpoint((_, response) => void response.writeHead(500).write('O'));
  expect(await attempt(endpoint.url, 60_000, new EndedInBody())).toMatchObject({ status: 500, reason: null });
});

it('an interim answer is none', async () => {
  const endpoint = await startEndpoint((_, response) => response.writeEarlyHints({ link: '</a>; rel=preload' }, () => void response.writeHead(503, { 'retry-after': '9' }).end()));
  expect(await attempt(endpoint.url, 5_000)).toMatchObject({ status: 503, retryAfter: '9' });
  const broken = await startEndpoint((_, response) => response.writeEarlyHints({ link: '</a>; rel=preload' }, () => void response.destroy()));
  expect(await attempt(broken.url, 5_000)).toMatchObject({ status: null, reason: 'UND_ERR_SOCKET' });
});

describe('of an answer 64 KiB are read', () => {
  const bodyBytesMax = 64 * 1024;

  it('its connection is used again when it is no longer, told before or not', async () => {
    const told = await startCounted((response) => void response.end('x'.repeat(bodyBytesMax)));
    const streamed = await startCounted((response) => void (response.write('x'), response.end('x'.repeat(bodyBytesMax - 1))));
    for (const { url, connections } of [told, streamed]) {
      expect(await attempts([url, url])).toMatchObject([{ status: 200 }, { status: 200 }]);
      expect(connections.size).toBe(1);
    }
  });

  it('what is longer is cut off with its connection, and has answered', async () => {
    const told = await startCounted((response) => void response.writeHead(200, { 'content-length': bodyBytesMax + 1 }).write('x'));
    const streamed = await startCounted((response) => void response.write('x'.repeat(bodyBytesMax + 1)));
    for (const { url, connections } of [told, streamed]) {
      expect(await attempts([url, url])).toMatchObject([
        { status: 200, reason: null },
        { status: 200, reason: null },
      ]);
      expect(connections.size).toBe(2);
    }
  });
});

it('what an endpoint’s URL tells is remembered, and the query of each call is not', async () => {
  const endpoint = await startEndpoint();
  const client = new CallbackClient(guard, 1, 5_000);
  for (const query of ['id=1', 'id=2']) await client.send({ method: 'GET', url: `${endpoint.url}?shop=a b#top`, query, headers: {} }, new HttpAttempt());
  await client.close();
  expect(endpoint.called.map(({ search }) => search)).toEqual(['?shop=a%20b&id=1', '?shop=a%20b&id=2']);
});

it('so many endpoints are remembered and no more: the oldest one’s address is forgotten', async () => {
  const [{ url: one }, { url: other }] = [await startEndpoint(), await startEndpoint()];
  expect((await attempts([one, other, one, other], 2)).map(({ address }) => address)).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1']);
  expect((await attempts([one, other, one, other], 1)).map(({ address }) => address)).toEqual(['127.0.0.1', '127.0.0.1', undefined, '127.0.0.1']);
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
