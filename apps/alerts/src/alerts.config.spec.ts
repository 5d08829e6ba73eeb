import { readAlertsConfig } from './alerts.config.js';

it('mails are files unless a server is named', () => {
  expect(readAlertsConfig({})).toMatchObject({ smtpUrl: 'file:', mailFrom: 'kwota@localhost', language: 'en', operatorEmail: undefined, forecastDays: 0, adminPort: 8085 });
});

it.each(['smtp://mail.example.org', 'smtps://user:password@mail.example.org:465'])('%s is a server', (smtpUrl) => {
  expect(readAlertsConfig({ KWOTA_SMTP_URL: smtpUrl }).smtpUrl).toBe(smtpUrl);
});

it('a URL that cannot be used is refused without its password', () => {
  const read = () => readAlertsConfig({ KWOTA_SMTP_URL: 'http://user:hunter22@mail.example.org' });
  expect(read).toThrow('KWOTA_SMTP_URL');
  expect(read).not.toThrow('hunter22');
});

it.each([
  ['KWOTA_ALERT_LANGUAGE', 'de', '"de" is none of en, pl, fr'],
  ['KWOTA_OPERATOR_EMAIL', 'operator', 'is no mail address'],
  ['KWOTA_ALERT_FORECAST_DAYS', '91', '"91" is not a whole number from 0 to 90'],
])('%s=%s is refused: %s', (variable, value, reason) => {
  expect(() => readAlertsConfig({ [variable]: value })).toThrow(`${variable}: ${reason}`);
});
