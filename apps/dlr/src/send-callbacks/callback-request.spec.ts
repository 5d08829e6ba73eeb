import { callbackDate, callbackUrl } from './callback-request.js';

const delivered = { messageId: 10_867_690, ptt: 4, dlr: 1, atMs: Date.parse('2026-11-23T16:16:54.987Z') } as const;
const query = 'id=10867690&ptt=4&date=2026-11-23+16%3A16%3A54&description=1&descriptionDlr=Success&dlr=1';

it.each([
  ['https://example.org/dlr', `https://example.org/dlr?${query}`],
  ['https://example.org/dlr?shop=7', `https://example.org/dlr?shop=7&${query}`],
  ['https://example.org/dlr?', `https://example.org/dlr?&${query}`],
  ['https://example.org/dlr?a=%20b+c#top', `https://example.org/dlr?a=%20b+c&${query}`],
  ['https://example.org', `https://example.org?${query}`],
])('%s is called as %s', (url, called) => expect(callbackUrl(url, delivered, 'UTC')).toBe(called));

it.each([
  ['UTC', '2026-11-23 16:16:54'],
  ['Europe/Warsaw', '2026-11-23 17:16:54'],
  ['Asia/Tokyo', '2026-11-24 01:16:54'],
])('the date is written in %s as %s', (timeZone, date) => expect(callbackDate(delivered.atMs, timeZone)).toBe(date));

it('midnight is hour 00', () => expect(callbackDate(Date.parse('2026-11-23T23:00:00Z'), 'Europe/Warsaw')).toBe('2026-11-24 00:00:00'));
