import { AccessTokens } from '../src/edge/access-tokens.js';
import { milliCreditsOf, shownCredits } from '../src/edge/credits.js';
import { isPublicAddress, normalisedAddress, peerAddress } from '../src/edge/peer-address.js';
import { sortReceivers } from '../src/edge/receivers.js';
import { SharedCounts } from '../src/limit-requests/shared-counts.js';
import { AttemptLimits, failuresPerLoginMax } from '../src/verify-passwords/attempt-limits.js';

const countsOf = (nowMs: () => number): SharedCounts => new SharedCounts(() => Promise.resolve(), 'gateway-1', nowMs);

describe('credits', () => {
  it.each([
    [199_000, 199],
    [230_509, 230.5],
    [999, 0.99],
    [0, 0],
  ])('%d milli-credits are shown as %d', (milliCredits, shown) => expect(shownCredits(milliCredits)).toBe(shown));

  it.each([
    [150, 150_000],
    [0.1, 100],
    [1.005, 1_005],
    [1.0005, undefined],
    [Number.NaN, undefined],
  ])('%d credits are %p milli-credits', (credits, milliCredits) => expect(milliCreditsOf(credits)).toBe(milliCredits));
});

describe('addresses', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:DB8::0001', '2001:db8::1'],
    ['1', undefined],
    ['256.1.1.1', undefined],
    ['nowhere', undefined],
  ])('%s is %s', (given, normalised) => expect(normalisedAddress(given)).toBe(normalised));

  it.each([
    ['8.8.8.8', true],
    ['10.0.0.1', false],
    ['127.0.0.1', false],
    ['169.254.1.1', false],
    ['::1', false],
    ['fe80::1', false],
    ['2a00:1450::1', true],
  ])('%s is public: %s', (address, isPublic) => expect(isPublicAddress(address)).toBe(isPublic));

  const request = (forwarded: string | undefined) => ({ headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress: '::ffff:10.0.0.2' } });
  it.each([
    ['nobody is trusted', [], '198.51.100.1', '10.0.0.2'],
    ['the proxy is trusted', ['10.0.0.0/8'], '198.51.100.1', '198.51.100.1'],
    ['what the client wrote itself is not believed', ['10.0.0.0/8'], '1.1.1.1, 198.51.100.1', '198.51.100.1'],
    ['two proxies', ['10.0.0.0/8'], '198.51.100.1, 10.0.0.9', '198.51.100.1'],
    ['no header', ['10.0.0.2'], undefined, '10.0.0.2'],
  ])('peer when %s', (_, proxies, forwarded, peer) => expect(peerAddress(request(forwarded), proxies)).toBe(peer));
});

it('a receiver that wants no messages is among the invalid ones, as it was given', () =>
  expect(sortReceivers(['0033600000004', '+33600000005'], (number) => number === '+33600000004')).toEqual({ valid: ['+33600000005'], invalid: ['0033600000004'] }));

it('receivers are normalised, each once, and what is no number is told as it was given', () =>
  expect(sortReceivers(['0033600000004', ' 33600000004', '+33600000005', '0600000004', 'nobody'], () => false)).toEqual({
    valid: ['+33600000004', '+33600000005'],
    invalid: ['0600000004', 'nobody'],
  }));

describe('wrong passwords', () => {
  const failing = () => {
    let nowMs = 0;
    const limits = new AttemptLimits(countsOf(() => nowMs), 'passwords');
    limits.succeeded('demo', '203.0.113.1');
    for (let attempt = 0; attempt < failuresPerLoginMax; attempt += 1) limits.failed('demo', `198.51.100.${attempt}`);
    return { limits, passMinute: () => (nowMs += 60_000) };
  };

  it('too many on a login are refused from a new address', () => expect(failing().limits.refuses('demo', '198.51.100.200')).toBe(true));
  it('but never from an address from which the right one came before', () => expect(failing().limits.refuses('demo', '203.0.113.1')).toBe(false));
  it('another login is not concerned', () => expect(failing().limits.refuses('anna', '198.51.100.200')).toBe(false));
  it('a minute later all is forgotten', () => {
    const { limits, passMinute } = failing();
    passMinute();
    expect(limits.refuses('demo', '198.51.100.200')).toBe(false);
  });
});

describe('access tokens', () => {
  let nowMs = 1_000;
  const tokens = new AccessTokens(Buffer.alloc(32, 1), () => nowMs);
  const holder = { accounts: ['sms-kw00001-1'], clientId: 'EU.1', ownerId: 'kw1-kwota' };
  const token = tokens.issue(holder);

  it('open their accounts', () => expect(tokens.read(token)).toEqual(holder));
  it('forged ones open nothing', () => expect(tokens.read(`${token.slice(0, -2)}xx`)).toBeUndefined());
  it('one of another key opens nothing', () => expect(new AccessTokens(Buffer.alloc(32, 2), () => nowMs).read(token)).toBeUndefined());
  it('end after an hour', () => {
    nowMs += 3_600_000;
    expect(tokens.read(token)).toBeUndefined();
  });
});

describe('addresses that are none, or not one spelling', () => {
  it.each(['2a00:1450::1%eth0', '0x8.8.8.8', '010.8.8.8', '8.8.8.8/32', '', ':'.repeat(60_000)])('%.40j', (address) => expect(normalisedAddress(address)).toBeUndefined());

  it('what stands left of an unreadable hop is not believed', () =>
    expect(peerAddress({ headers: { 'x-forwarded-for': '198.51.100.1, nonsense, 10.0.0.9' }, socket: { remoteAddress: '10.0.0.2' } }, ['10.0.0.0/8'])).toBe('10.0.0.9'));
});

it('an attempt taken back counts no more', () => {
  const limits = new AttemptLimits(countsOf(() => 0), 'passwords');
  const attempts = Array.from({ length: failuresPerLoginMax }, (_, index) => limits.failed('demo', `198.51.100.${index}`));
  expect(limits.refuses('demo', '203.0.113.9')).toBe(true);
  attempts[0]?.takeBack();
  expect(limits.refuses('demo', '203.0.113.9')).toBe(false);
});
