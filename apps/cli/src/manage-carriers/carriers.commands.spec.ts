import { settingsOf } from './carriers.commands.js';

it('settings are name=value: numbers and truth as JSON, the rest as text', () => {
  expect(settingsOf(['weight=3', 'bind=pair', 'paused=true', 'addresses={"short":{"ton":3,"npi":0}}'])).toEqual({
    weight: 3,
    bind: 'pair',
    paused: true,
    addresses: { short: { ton: 3, npi: 0 } },
  });
});

it('prefixes are a list by commas, never a number; empty takes all', () => {
  expect(settingsOf(['prefixes=336,337'])).toEqual({ prefixes: ['336', '337'] });
  expect(settingsOf(['prefixes=48'])).toEqual({ prefixes: ['48'] });
  expect(settingsOf(['prefixes='])).toEqual({ prefixes: [] });
});

it('what is no setting is named, without its value', () => expect(settingsOf(['weight=1', 'secret'])).toContain('a setting is name=value'));
