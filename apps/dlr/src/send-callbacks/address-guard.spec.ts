import type { LookupAddress } from 'node:dns';
import { AddressGuard, AddressNotAllowed } from './address-guard.js';

const guard = new AddressGuard([]);

it.each(['93.184.216.34', '8.8.8.8', '2606:2800:220:1:248:1893:25c8:1946', '::ffff:8.8.8.8', '64:ff9b::808:808'])('%s is public', (address) =>
  expect(guard.isAllowed(address)).toBe(true),
);

it.each([
  '127.0.0.1',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '192.0.2.1',
  '198.18.0.1',
  '240.0.0.1',
  '::1',
  '::',
  'fe80::1',
  'fc00::1',
  'ff02::1',
  '2001:db8::1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:7f00:1',
  '64:ff9b::7f00:1',
  '64:ff9b::10.0.0.1',
  '64:ff9b:1::a00:1',
  '2002:7f00:1::1',
  '2001:0:7f00:1::1',
  '::127.0.0.1',
  'not-an-address',
])('%s is not', (address) => expect(guard.isAllowed(address)).toBe(false));

it.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '10.1.2.3'])('the host %s in a URL is refused', (host) =>
  expect(guard.isRefusedLiteral(new URL(`http://${host}/`).hostname)).toBe(true),
);

it.each(['http://2130706433/', 'http://0x7f.1/', 'http://0177.0.0.1/', 'http://127.1/'])('%s is 127.0.0.1 in other words', (url) =>
  expect(guard.isRefusedLiteral(new URL(url).hostname)).toBe(true),
);

it('a name is judged when it is dialled, not before', () => expect(guard.isRefusedLiteral('localhost')).toBe(false));

it('what the configuration names is allowed, mapped forms included, and nothing beside it', () => {
  const lenient = new AddressGuard(['127.0.0.0/8', 'fd00::/8']);
  expect(['127.0.0.1', '::ffff:127.0.0.1', 'fd00::1'].map((address) => lenient.isAllowed(address))).toEqual([true, true, true]);
  expect(['10.0.0.1', '::1', 'fc00::1'].map((address) => lenient.isAllowed(address))).toEqual([false, false, false]);
});

describe('a name', () => {
  const addresses = (...list: string[]): LookupAddress[] => list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const lookUp = (found: LookupAddress[], all: boolean) =>
    new Promise((resolve) =>
      new AddressGuard([], (_name, _options, done) => done(null, found)).lookup('shop.example', { all }, (error, address, family) => resolve(error ?? [address, family])),
    );

  it('with public addresses is dialled at one that was checked', async () => {
    const found = addresses('93.184.216.34', '2606:2800:220:1::1');
    expect(await lookUp(found, true)).toEqual([found, undefined]);
    expect(await lookUp(found, false)).toEqual(['93.184.216.34', 4]);
  });

  it('with one private address among them is refused', async () => {
    expect(await lookUp(addresses('93.184.216.34', '10.0.0.1'), true)).toBeInstanceOf(AddressNotAllowed);
    expect(await lookUp(addresses('::ffff:169.254.169.254'), false)).toBeInstanceOf(AddressNotAllowed);
  });

  it('without an address is refused', async () => expect(await lookUp([], true)).toBeInstanceOf(AddressNotAllowed));
});
