import { dlrText, knownDlrIds } from '@kwota/delivery-codes';
import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { callbackDate, callbackQuery, callbackRequest } from './callback-request.js';
import { endpointOf } from './endpoint.js';

const delivered = { messageId: 10_867_690, ptt: 4, dlr: 1, atMs: Date.parse('2026-11-23T16:16:54.987Z') } as const;
const query = 'id=10867690&ptt=4&date=2026-11-23+16%3A16%3A54&description=1&descriptionDlr=Success&dlr=1';

it('the query is byte for byte what URLSearchParams writes, for each DLR id, in each time zone', () => {
  const midsummerMs = Date.parse('2026-06-21T22:59:59.999Z');
  for (const timeZone of ['UTC', ...Intl.supportedValuesOf('timeZone')])
    for (const dlr of knownDlrIds)
      for (const atMs of [delivered.atMs, midsummerMs]) {
        const parameters = { id: '10867690', ptt: '4', date: callbackDate(atMs, timeZone), description: String(dlr), descriptionDlr: dlrText(dlr), dlr: String(dlr) };
        expect(callbackQuery({ ...delivered, dlr, atMs }, timeZone)).toBe(String(new URLSearchParams(parameters)));
      }
});

it.each([
  ['UTC', '2026-11-23 16:16:54'],
  ['Europe/Warsaw', '2026-11-23 17:16:54'],
  ['Asia/Tokyo', '2026-11-24 01:16:54'],
])('the date is written in %s as %s', (timeZone, date) => expect(callbackDate(delivered.atMs, timeZone)).toBe(date));

it('midnight is hour 00', () => expect(callbackDate(Date.parse('2026-11-23T23:00:00Z'), 'Europe/Warsaw')).toBe('2026-11-24 00:00:00'));

describe('a callback', () => {
  const change = { ...delivered, sequence: 2, final: true };
  const nowMs = Date.parse('2026-11-23T16:17:00Z');
  const secret = `whsec_${Buffer.from('a secret of twenty-four b').toString('base64')}`;
  const other = `whsec_${Buffer.from('another one, just as long').toString('base64')}`;
  const request = (format: 'get' | 'json', secrets: readonly string[], url = 'https://example.org/dlr?shop=7') => callbackRequest(url, change, { format, secrets, timeZone: 'UTC', nowMs });
  const digest = (key: string, content: string) => createHmac('sha256', Buffer.from(key.slice('whsec_'.length), 'base64')).update(content).digest('base64');

  it('has an id that is the same for each attempt, and no signature without a secret', () => {
    expect(request('get', [])).toEqual({ method: 'GET', url: 'https://example.org/dlr?shop=7', query, headers: { 'webhook-id': '10867690.2' } });
  });

  it('as JSON has the six parameters, the sequence and whether it is final, in the body alone', () => {
    const { method, url, query: none, headers, body } = request('json', [], 'https://example.org/dlr?shop=7#top');
    expect([method, endpointOf(url).path, none, headers['content-type']]).toEqual(['POST', '/dlr?shop=7', undefined, 'application/json']);
    expect(JSON.parse(body ?? '')).toEqual({ id: 10_867_690, ptt: 4, date: '2026-11-23 16:16:54', description: 1, descriptionDlr: 'Success', dlr: 1, sequence: 2, final: true });
  });

  it.each(['get', 'json'] as const)('by %s is signed over id, time and what it carries, by each secret', (format) => {
    const { headers, body } = request(format, [secret, other]);
    const content = body ?? `shop=7&${query}`;
    const signed = `10867690.2.${nowMs / 1_000}.${content}`;
    expect(headers['webhook-timestamp']).toBe(String(nowMs / 1_000));
    expect(headers['webhook-signature']).toBe(`v1,${digest(secret, signed)} v1,${digest(other, signed)}`);
  });

  it('is verified by Standard Webhooks’ own library, with either secret, and not when it was changed', () => {
    const { headers, body = '' } = callbackRequest('https://example.org/', change, { format: 'json', secrets: [secret, other], timeZone: 'UTC', nowMs: Date.now() });
    for (const key of [secret, other]) expect(new Webhook(key).verify(body, headers)).toMatchObject({ id: 10_867_690 });
    expect(() => new Webhook(secret).verify(body.replace('"dlr":1', '"dlr":2'), headers)).toThrow();
  });
});
