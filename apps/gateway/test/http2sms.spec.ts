import { formatAnswer } from '../src/http2sms/http2sms.answer.js';
import { readParameters } from '../src/http2sms/http2sms.parameters.js';

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
    ['class', '4', 'Invalid class: is not 0, 1, 2 or 3'],
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
