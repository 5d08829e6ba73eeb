import { judgeAttempt, type Verdict } from './judge-attempt.js';

const retryScheduleMs = [5_000, 30_000];
const nowMs = Date.parse('2026-11-23T12:00:00Z');
const judge = (status: number | null, attempts = 1, retryAfter?: string, random = 0.5): Verdict =>
  judgeAttempt({ answer: { status, retryAfter }, attempts, retryScheduleMs, random, nowMs });

it.each([200, 201, 202, 204, 299])('%i is received', (status) => expect(judge(status)).toEqual({ kind: 'delivered' }));

it.each([301, 302, 307, 308, 400, 404, 429, 500, 503, null])('%s is tried again', (status) => {
  expect(judge(status)).toEqual({ kind: 'again', inMs: 5_000 });
});

it('410 switches the callback off', () => expect(judge(410)).toEqual({ kind: 'switched-off' }));

it('pauses follow the schedule; after the last it is dead', () => {
  expect(judge(500, 2)).toEqual({ kind: 'again', inMs: 30_000 });
  expect(judge(500, 3)).toEqual({ kind: 'dead' });
});

it('pauses vary by a fifth either way', () => {
  expect(judge(500, 1, undefined, 0)).toEqual({ kind: 'again', inMs: 4_000 });
  expect(judge(500, 1, undefined, 1)).toEqual({ kind: 'again', inMs: 6_000 });
});

it.each([
  ['8', 8_000],
  ['1', 5_000],
  ['3600', 10_000],
  ['Mon, 23 Nov 2026 12:00:07 GMT', 7_000],
  ['soon', 5_000],
])('Retry-After: %s counts within the pause and its double', (retryAfter, inMs) => {
  expect(judge(503, 1, retryAfter)).toEqual({ kind: 'again', inMs });
});
