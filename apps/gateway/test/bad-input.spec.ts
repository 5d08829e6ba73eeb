import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { readJsonObject } from '../src/edge/json-body.js';
import { milliCreditsOf } from '../src/edge/credits.js';
import { readGatewayConfig } from '../src/gateway.config.js';
import { formatAnswer } from '../src/http2sms/http2sms.answer.js';
import { readParameters } from '../src/http2sms/http2sms.parameters.js';
import { ChangeApiUserDto, CreateApiUserDto } from '../src/manage-users/api-user.dto.js';
import { checkNames } from '../src/v6/check-names.js';
import { urlsAsWritten } from '../src/v6/signature.js';

describe('a JSON body', () => {
  it.each([
    ['null', 'the body must be a JSON object'],
    ['[]', 'the body must be a JSON object'],
    ['5', 'the body must be a JSON object'],
    ['"x"', 'the body must be a JSON object'],
    ['{', 'the body is not JSON'],
    ['{"login":"a\\u0000b"}', 'login must not hold NUL or half of a surrogate pair'],
    ['{"a":{"b":["\\ud800"]}}', 'a.b.0 must not hold NUL or half of a surrogate pair'],
    [`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'the body is nested deeper than 20 levels'],
  ])('%.40s is refused', (text, fault) => expect(readJsonObject(Buffer.from(text))).toEqual({ fault }));

  it('that is not UTF-8 is refused', () => expect(readJsonObject(Buffer.from([0x7b, 0xff, 0x7d]))).toEqual({ fault: 'the body is not UTF-8' }));
  it('with whole surrogate pairs is read', () => expect(readJsonObject(Buffer.from('{"message":"😀"}'))).toEqual({ body: { message: '😀' } }));
});

describe('fields', () => {
  const faults = (type: new () => object, body: object): number => validateSync(plainToInstance(type, body), { whitelist: true }).length;

  it.each(['a\u0000', '\u200bx', '.', '..', 'a/b', 'a b', 'x'.repeat(41)])('login %j is refused', (login) => expect(faults(CreateApiUserDto, { login, password: 'Abcd1234' })).toBe(1));
  it.each(['é&=+%', 'x'.repeat(40), '__proto__', '😀'])('login %j is taken', (login) => expect(faults(CreateApiUserDto, { login, password: 'Abcd1234' })).toBe(0));
  it.each([
    { quotaInformations: [] },
    { quotaInformations: [{ quotaLeft: 1, quotaStatus: 'active' }] },
    { quotaInformations: { quotaLeft: -1, quotaStatus: 'active' } },
    { alertThresholdInformations: { alertThreshold: 1e300, support: 'mail', alertEmail: 'a@b.c' } },
    { callBack: 5 },
    { callBack: {} },
    { callBack: ['https://example.org'] },
    { callBack: false },
  ])('%j is refused', (change) => expect(faults(ChangeApiUserDto, change)).toBe(1));
  it.each([{ password: null }, { password: '' }, { ipRestrictions: null }, { quotaInformations: null }, { callBack: null }, { callBack: '' }, { callBack: 'HTTPS://example.org' }])(
    '%j is taken',
    (change) => expect(faults(ChangeApiUserDto, change)).toBe(0),
  );
  it('a very small quota is more than three decimals, not a crash', () => {
    expect(faults(ChangeApiUserDto, { quotaInformations: { quotaLeft: 1e-7, quotaStatus: 'active' } })).toBe(0);
    expect(milliCreditsOf(1e-7)).toBeUndefined();
  });
});

describe('http2sms', () => {
  const all = { account: 'sms-kw00001-1', login: 'demo', password: 'Demo_123', from: 'KWOTA', to: '+33600000004', message: 'Hello' };
  const read = (changes: Record<string, string>) => readParameters(new URLSearchParams({ ...all, ...changes }), Date.UTC(2030, 0, 2), 'UTC');

  it.each([
    [{ message: 'a\0b' }, 'Invalid message: holds a NUL'],
    [{ tag: 'a\0' }, 'Invalid tag: holds a NUL'],
    [{ account: 'a'.repeat(65) }, 'Invalid account: is too long'],
    [{ login: 'a'.repeat(41) }, 'Invalid login: is too long'],
    [{ password: 'a'.repeat(201) }, 'Invalid password: is too long'],
    [{ idempotencyKey: 'a'.repeat(129) }, 'Invalid idempotencyKey: is too long'],
    [{ deferred: '000001010000' }, 'Invalid deferred time'],
    [{ deferred: '000031122029' }, 'Invalid deferred time'],
  ])('%.60j is refused by name', (changes, message) => expect(read(changes)).toEqual({ status: 202, message }));

  it('a deferred time some hours ago is a clock, and sent', () => expect(read({ deferred: '120001012030' })).toMatchObject({ deferredUntilMs: Date.UTC(2030, 0, 1, 12) }));
  it.each(['__proto__', 'constructor', 'toString'])('the format %s is text/plain', (contentType) =>
    expect(formatAnswer({ status: 100, creditLeft: '1', smsIds: [7] }, contentType).body).toBe('OK\n1\n7'),
  );
});

it('a Host with a path in it stands for no signed URL', () => {
  expect(urlsAsWritten('sms.example.org/1.0', '/sms', ['https://public.example.org/'])).toEqual(['https://public.example.org/sms']);
  expect(urlsAsWritten('[::1]:8443', '/1.0/sms', [])).toContain('https://[::1]/1.0/sms');
});

it.each([[{ serviceName: 'x'.repeat(65) }], [{ serviceName: 'a\0' }], [{ serviceName: 'a', login: 'x'.repeat(41) }]])('a name in the path that can be nobody’s is 404: %.40j', (names) =>
  expect(() => checkNames(names)).toThrow(expect.objectContaining({ httpStatus: 404 })),
);

it('all that is wrong in the configuration is told at once, by variable', () => {
  const read = () =>
    readGatewayConfig({
      KWOTA_TRUSTED_PROXIES: '10.0.0.0/33',
      KWOTA_HTTPS_PORT: 'https',
      KWOTA_TLS_CERT: '/nowhere/cert.pem',
      KWOTA_PUBLIC_URLS: 'sms.example.org',
      KWOTA_TIME_ZONE: 'Mars/Olympus',
    });
  for (const variable of ['KWOTA_TRUSTED_PROXIES', 'KWOTA_HTTPS_PORT', 'KWOTA_TLS_CERT', 'KWOTA_TLS_KEY', 'KWOTA_PUBLIC_URLS', 'KWOTA_TIME_ZONE'])
    expect(read).toThrow(`${variable}: `);
});
