import { readCarrierConfig } from './carrier.config.js';

it('the simulator is the default, and its receipts carry a ptt', () => {
  expect(readCarrierConfig({})).toMatchObject({ smscUrl: 'simulator:', profile: 'kwota', windowSize: 100, lostAnswer: 'resend', adminPort: 8083 });
});

it('any other SMSC is judged by its states, unless told otherwise', () => {
  const url = 'smpp://kwota:secret@smsc.example:2775';
  expect(readCarrierConfig({ KWOTA_SMSC_URL: url })).toMatchObject({ smscUrl: url, profile: 'generic' });
  expect(readCarrierConfig({ KWOTA_SMSC_URL: url, KWOTA_CARRIER_PROFILE: 'kwota' }).profile).toBe('kwota');
});

it.each([
  ['KWOTA_SMSC_URL', 'http://kwota:hunter2@smsc.example'],
  ['KWOTA_SMSC_URL', 'smpp://'],
  ['KWOTA_CARRIER_WINDOW', '0'],
  ['KWOTA_CARRIER_WINDOW', 'many'],
  ['KWOTA_CARRIER_LOST_ANSWER', 'sometimes'],
])('%s=%s is refused by name, without what may be a password', (variable, value) => {
  expect(() => readCarrierConfig({ [variable]: value })).toThrow(variable);
  expect(() => readCarrierConfig({ [variable]: value })).not.toThrow('hunter2');
});
