import { QuietHoursClock } from './quiet-hours.clock.js';
import { noQuietHours, parseQuietHours } from './quiet-hours.js';

const clock = (given: string, timeZone = 'UTC') => new QuietHoursClock(parseQuietHours(given), timeZone);
const held = (given: string, at: string, timeZone?: string) => new Date(clock(given, timeZone).allowedFromMs(Date.parse(at))).toISOString();

// 2026-11-23 is a Monday.
it.each([
  ['22:00-08:00', '2026-11-23T21:59:59.999Z', '2026-11-23T21:59:59.999Z'],
  ['22:00-08:00', '2026-11-23T22:00:00Z', '2026-11-24T08:00:00.000Z'],
  ['22:00-08:00', '2026-11-24T03:00:30Z', '2026-11-24T08:00:00.000Z'],
  ['22:00-08:00', '2026-11-24T08:00:00Z', '2026-11-24T08:00:00.000Z'],
  ['12:00-14:00', '2026-11-24T13:59:59Z', '2026-11-24T14:00:00.000Z'],
  ['22:00-08:00,sat,sun', '2026-11-27T21:00:00Z', '2026-11-27T21:00:00.000Z'],
  ['22:00-08:00,sat,sun', '2026-11-27T22:00:00Z', '2026-11-30T08:00:00.000Z'],
  ['sun', '2026-11-29T12:00:00Z', '2026-11-30T00:00:00.000Z'],
  ['off', '2026-11-29T03:00:00Z', '2026-11-29T03:00:00.000Z'],
])('with %s a message of %s goes out at %s', (given, at, expected) => expect(held(given, at)).toBe(expected));

it.each([
  ['Europe/Warsaw', '2026-11-23T21:30:00Z', '2026-11-24T07:00:00.000Z'],
  // The night in which the clock goes forward has an hour less, the one in which it goes back an hour more.
  ['Europe/Paris', '2026-03-28T21:30:00Z', '2026-03-29T06:00:00.000Z'],
  ['Europe/Paris', '2026-10-24T21:30:00Z', '2026-10-25T07:00:00.000Z'],
])('hours are those of %s', (timeZone, at, expected) => expect(held('22:00-08:00', at, timeZone)).toBe(expected));

it.each(['22:00', '22:00-25:00', '22:00-08:00,12:00-13:00', 'sunday', '', 'sun,mon,tue,wed,thu,fri,sat'])('%j is refused', (given) =>
  expect(() => parseQuietHours(given)).toThrow(),
);

it('off is no quiet hours', () => expect(parseQuietHours('off')).toBe(noQuietHours));
