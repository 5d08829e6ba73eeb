// A customer's name that tells one address when it is looked at and another when it is used (DNS rebinding), with a name server of our own.
// What callbacks may reach is 127.0.0.2 here, in the place of the public network; 127.0.0.1, on the same port, is what they must never reach.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { AddressGuard, AddressNotAllowed } from '../src/send-callbacks/address-guard.js';
import { CallbackClient } from '../src/send-callbacks/callback.client.js';
import { HttpAttempt } from '../src/send-callbacks/http-attempt.js';
import { startNameServer, type DnsRecord, type Question } from './name-server.js';

const [reachable, inside] = ['127.0.0.2', '127.0.0.1'];
const name = 'shop.example.org';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
const listening = async (server: Server, host: string, port = 0): Promise<number> => {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  ends.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
};

/** An endpoint outside, a sink inside on the same port, and a client that asks the name server. */
const world = async (answer: (question: Question) => readonly DnsRecord[] | undefined, respond: Record<string, string> = {}) => {
  const arrived: string[] = [];
  const endpoint = createHttpServer((request, response) => {
    arrived.push(`${request.headers.host?.split(':')[0]} at ${request.socket.localAddress}`);
    response.writeHead(respond['location'] ? 302 : 200, respond).end();
  });
  const port = await listening(endpoint, reachable);
  const reachedInside: Socket[] = [];
  // A connection alone is too much: it tells whether a port is open.
  await listening(createServer((socket) => void reachedInside.push(socket.on('error', () => undefined).destroy())), inside, port);
  const names = await startNameServer(answer);
  ends.push(names.close);
  const guard = new AddressGuard([`${reachable}/32`], names.resolve);
  const client = new CallbackClient(guard, 1, 5_000);
  ends.push(() => client.close());
  const call = (url = `http://${name}:${port}/dlr`) => client.send({ method: 'GET', url, headers: {} }, new HttpAttempt());
  return { arrived, reachedInside, names, guard, call, port };
};

const a = (address: string): DnsRecord => [name, 'A', address];
const aaaa = (address: string): DnsRecord => [name, 'AAAA', address];
const refused = { status: null, reason: 'address-not-allowed' };

describe('the address that was checked is the one that is dialled', () => {
  it('a name that turns inwards after it was asked once is asked once, and called where it was then', async () => {
    const { arrived, reachedInside, names, call } = await world(({ type, before }) => (type === 'A' ? [a(before === 0 ? reachable : inside)] : []));
    expect(await call()).toMatchObject({ status: 200, address: reachable });
    expect(arrived).toEqual([`${name} at ${reachable}`]);
    expect(names.asked.filter(({ type }) => type === 'A')).toHaveLength(1);
    expect(reachedInside).toEqual([]);
  });

  it('the next connection asks anew, and is refused when the name has turned', async () => {
    const { arrived, reachedInside, names, call } = await world(({ type, before }) => (type === 'A' ? [a(before === 0 ? reachable : inside)] : []), { connection: 'close' });
    expect(await call()).toMatchObject({ status: 200 });
    expect(await call()).toMatchObject(refused);
    expect(names.asked.filter(({ type }) => type === 'A')).toHaveLength(2);
    expect([arrived.length, reachedInside]).toEqual([1, []]);
  });

  it('and called again when it has turned back', async () => {
    const { arrived, reachedInside, call } = await world(({ type, before }) => (type === 'A' ? [a(before === 0 ? inside : reachable)] : []));
    expect(await call()).toMatchObject(refused);
    expect(await call()).toMatchObject({ status: 200 });
    expect([arrived.length, reachedInside]).toEqual([1, []]);
  });
});

describe('one address inside, in any form, and nothing is dialled', () => {
  it.each<[string, readonly DnsRecord[], readonly DnsRecord[]]>([
    ['A', [a(inside)], []],
    ['A, behind one that may be reached', [a(reachable), a(inside)], []],
    ['AAAA, beside an A that may be reached', [a(reachable)], [aaaa('::1')]],
    ['AAAA alone', [], [aaaa('::1')]],
    ['IPv4-mapped', [], [aaaa('::ffff:127.0.0.1')]],
    ['NAT64', [], [aaaa('64:ff9b::7f00:1')]],
    ['6to4', [], [aaaa('2002:7f00:1::1')]],
    ['the unspecified address, which reaches this machine', [a('0.0.0.0')], []],
    ['the cloud’s metadata', [a('169.254.169.254')], []],
    ['behind a CNAME', [[name, 'CNAME', 'cdn.example.net'], ['cdn.example.net', 'A', inside]], []],
    [
      'behind two of them',
      [
        [name, 'CNAME', 'a.example.net'],
        ['a.example.net', 'CNAME', 'b.example.net'],
        ['b.example.net', 'A', inside],
      ],
      [
        [name, 'CNAME', 'a.example.net'],
        ['a.example.net', 'AAAA', '::ffff:127.0.0.1'],
      ],
    ],
  ])('%s', async (_, v4, v6) => {
    const { arrived, reachedInside, call, port } = await world(({ type }) => (type === 'A' ? v4 : v6));
    expect(await call()).toMatchObject(refused);
    expect(await call(`https://${name}:${port}/`)).toMatchObject(refused);
    expect([arrived, reachedInside]).toEqual([[], []]);
  });

  it('not even at a port that only this machine has: the system’s own name for itself', async () => {
    const reachedInside: Socket[] = [];
    const port = await listening(createServer((socket) => void reachedInside.push(socket.destroy())), inside);
    const client = new CallbackClient(new AddressGuard([]), 1, 5_000);
    ends.push(() => client.close());
    expect(await client.send({ method: 'GET', url: `http://localhost:${port}/`, headers: {} }, new HttpAttempt())).toMatchObject(refused);
    expect(reachedInside).toEqual([]);
  });
});

it('a redirect to a name that leads inwards is an answer, and the name is never asked', async () => {
  const { reachedInside, names, call } = await world(({ name: asked, type }) => (type !== 'A' ? [] : asked === name ? [a(reachable)] : [[asked, 'A', inside]]), {
    location: 'http://inside.example.org/',
  });
  expect(await call()).toMatchObject({ status: 302, address: reachable });
  expect(new Set(names.asked.map(({ name: asked }) => asked))).toEqual(new Set([name]));
  expect(reachedInside).toEqual([]);
});

it('a name without addresses, or whose server refuses, is a failed attempt like any other', async () => {
  const { call } = await world(({ before }) => (before === 0 ? [] : undefined));
  expect(await call()).toMatchObject({ status: null, reason: 'ENOTFOUND' });
  expect(await call()).toMatchObject({ status: null, reason: 'ENOTFOUND' });
});

it('a public address goes to the connection as it was checked, and the look-up after it, turned inwards, is refused', async () => {
  const { guard } = await world(({ type, before }) => (type === 'A' ? [a(before === 0 ? '93.184.216.34' : '10.0.0.1')] : []));
  const lookUp = () => new Promise((resolve) => guard.lookup(name, { all: true }, (error, found) => resolve(error ?? found)));
  expect(await lookUp()).toEqual([{ address: '93.184.216.34', family: 4 }]);
  expect(await lookUp()).toBeInstanceOf(AddressNotAllowed);
});
