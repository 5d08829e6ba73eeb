import { readDlrConfig } from './dlr.config.js';

const minuteMs = 60_000;

it('callbacks are retried for a little over a day, and reach public addresses alone', () => {
  const { retryScheduleMs, allowedNetworks, timeZone } = readDlrConfig({});
  expect(retryScheduleMs).toEqual([5_000, 30_000, 5 * minuteMs, 30 * minuteMs, 120 * minuteMs, 300 * minuteMs, 600 * minuteMs, 600 * minuteMs]);
  expect(allowedNetworks).toEqual([]);
  expect(timeZone).toBe('UTC');
});

it('networks and pauses are read from lists', () => {
  const config = readDlrConfig({ KWOTA_CALLBACK_ALLOW: '10.0.0.0/8, fd00::/8', KWOTA_CALLBACK_RETRY_SCHEDULE: '200ms, 1s' });
  expect(config).toMatchObject({ allowedNetworks: ['10.0.0.0/8', 'fd00::/8'], retryScheduleMs: [200, 1_000] });
  expect(readDlrConfig({ KWOTA_CALLBACK_ALLOW: 'none' }).allowedNetworks).toEqual([]);
});

it.each([
  ['KWOTA_CALLBACK_ALLOW', '10.0.0.0'],
  ['KWOTA_CALLBACK_ALLOW', 'internal'],
  ['KWOTA_CALLBACK_RETRY_SCHEDULE', '5'],
  ['KWOTA_CALLBACK_RETRY_SCHEDULE', '5s,,30s'],
  ['KWOTA_TIME_ZONE', 'Mars/Olympus'],
])('%s=%s is refused by name', (variable, value) => expect(() => readDlrConfig({ [variable]: value })).toThrow(variable));
