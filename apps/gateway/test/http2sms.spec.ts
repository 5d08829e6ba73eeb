import { formatAnswer } from '../src/http2sms/http2sms.answer.js';
import { readParameters } from '../src/http2sms/http2sms.parameters.js';
import { charsetOf, readForm } from '../src/http2sms/http2sms.query.js';
import { sortReceivers } from '../src/edge/receivers.js';

const nowMs = Date.UTC(2030, 0, 1);
const all = { account: 'sms-kw00001-1', login: 'demo', password: 'Demo_123', from: 'KWOTA', to: '+33600000004', message: 'Hello' };
const read = (changes: Record<string, string>, timeZone = 'UTC') => readParameters(new URLSearchParams({ ...all, ...changes }), nowMs, timeZone);

describe('parameters', () => {
  it.each(['account', 'login', 'password', 'from', 'to', 'message'])('%s is required', (name) =>
    expect(read({ [name]: '' })).toEqual({ status: 201, message: `Missing ${name}` }),
  );

  it.each([
    ['tag', 'x'.repeat(21), 'Invalid tag: is too long'],
    ['deferred', '12502511203', 'Invalid deferred time'],
    ['deferred', '125031022030', 'Invalid deferred time'],
    ['deferred', '120001052030', 'Invalid deferred time'],
    ['smsCoding', '3', 'Invalid smsCoding: is not 1 or 2'],
    ['to', Array.from({ length: 1_001 }, () => '+33600000004').join(','), 'Invalid to: more than 1000 receivers'],
  ])('%s %s is wrong', (name, value, message) => expect(read({ [name]: value })).toEqual({ status: 202, message }));

  it('a published URL that starts ?&account= is read', () =>
    expect(readParameters(new URLSearchParams(`&${new URLSearchParams(all)}`), nowMs, 'UTC')).toMatchObject({ account: all.account }));

  it.each([['line\rbreak'], ['line\r\nbreak'], ['line%0dbreak'], ['line%0D%0Abreak']])('a line break in %j', (message) =>
    expect(read({ message })).toMatchObject({ message: 'line\nbreak' }),
  );

  it.each([
    ['UTC', '125025012030', '2030-01-25T12:50:00.000Z'],
    ['Europe/Paris', '125025012030', '2030-01-25T11:50:00.000Z'],
    // At 02:30 on the last Sunday of March Paris has no such time: it moves forward by the hour that is left out.
    ['Europe/Paris', '023031032030', '2030-03-31T01:30:00.000Z'],
  ])('deferred in %s: %s', (timeZone, deferred, instant) =>
    expect(read({ deferred }, timeZone)).toMatchObject({ deferredUntilMs: Date.parse(instant) }),
  );

  it('both spellings of the coding count', () => {
    expect(read({ smsCoding: '2' })).toMatchObject({ coding: 'unicode' });
    expect(read({ SMSencoding: '1' })).toMatchObject({ coding: '7bit' });
  });
});

describe('encodings of a query', () => {
  it.each([
    ['UTF-8', 'message=caf%C3%A9+%E2%82%AC', 'café €'],
    ['ISO-8859-1', 'message=caf%E9', 'café'],
    ['windows-1252', 'message=5+%80', '5 €'],
    ['bytes not escaped at all', 'message=caf\u00c3\u00a9', 'café'],
    ['ISO-8859-1, not escaped', 'message=caf\u00e9', 'café'],
    ['a percent sign that escapes nothing', 'message=100%+caf%E9', '100% café'],
    ['a replacement character sent as such', 'message=%EF%BF%BD', '\uFFFD'],
  ])('%s', (_, query, message) => expect(readForm(query).get('message')).toBe(message));

  it('what a content type declares goes before a guess', () => {
    expect(charsetOf('application/x-www-form-urlencoded; charset=ISO-8859-15')).toBe('ISO-8859-15');
    expect(readForm('message=%A4', 'ISO-8859-15').get('message')).toBe('€');
    expect(readForm('message=%C3%A9', 'nonsense').get('message')).toBe('é');
  });

  it('a raw + before a number is mended', () => expect(sortReceivers([readForm('to=+33600000004').get('to') ?? ''], () => false).valid).toEqual(['+33600000004']));
});

it('senderForResponse needs no from, and ignores one', () => {
  expect(read({ from: '', senderForResponse: '1' })).toMatchObject({ from: '', senderForResponse: true });
  expect(read({ senderForResponse: '1' })).toMatchObject({ from: '' });
  expect(read({ from: '', senderForResponse: '0' })).toEqual({ status: 201, message: 'Missing from' });
});

describe('answers, verbatim (OVH.md 3.2)', () => {
  const ok = { status: 100, creditLeft: '1987', smsIds: [10_867_690] } as const;
  const missing = { status: 201, message: 'Missing message' } as const;
  const help = 'For more informations : http://guides.ovh.com/httpToSms';

  it.each([
    ['text/plain', ok, 'OK\n1987\n10867690'],
    ['text/plain', missing, `KO\nMissing message. ${help}`],
    ['application/json', ok, '{"status":100,"creditLeft":"1987","SmsIds":["10867690"]}'],
    ['text/json', missing, `{"status":201,"message":"Missing message. ${help}"}`],
    [
      'text/xml',
      ok,
      '<?xml version="1.0" encoding="UTF-8" ?><response><status>100</status><creditLeft>1987</creditLeft><smsIds><smsId>10867690</smsId></smsIds></response>',
    ],
    [
      'application/xml',
      missing,
      `<?xml version="1.0" encoding="UTF-8" ?><response><status>201</status><message>Missing message. ${help}</message></response>`,
    ],
  ])('%s', (contentType, answer, body) => expect(formatAnswer(answer, contentType)).toEqual({ body, contentType: `${contentType}; charset=utf-8` }));

  it('html', () => {
    const { body } = formatAnswer(ok, 'text/html');
    expect(body).toContain('<BODY>\nOK<br>\n1987<br>\n10867690<br>\n</BODY>\n</HTML>\n');
  });

  it('what is not known is text/plain', () => expect(formatAnswer(ok, 'image/png').contentType).toBe('text/plain; charset=utf-8'));
});
