import { measureText } from '@kwota/sms-text';
import { cutForSms, defaultTemplates, fillTemplate, shownCredits, smsCharactersMax, textsInUse } from './alert-texts.js';

const defaults = defaultTemplates('kwota@localhost');
const values = { USER: 'demo', REMAINING: '4.99', ALERTTHRESHOLD: '5', CREDITSLEFT: '50' };

describe('a template', () => {
  it('has all four variables replaced, wherever they stand', () => {
    expect(fillTemplate('|USER||REMAINING| |ALERTTHRESHOLD|,|CREDITSLEFT| |USER|', values)).toBe('demo4.99 5,50 demo');
  });

  it('keeps what is no variable, and a login that looks like one', () => {
    expect(fillTemplate('|user| |OTHER| |USER|', { ...values, USER: '|REMAINING| $& $1' })).toBe('|user| |OTHER| |REMAINING| $& $1');
  });
});

describe("an alert's SMS", () => {
  it.each([
    ['is left as it is at 70 characters', 'a'.repeat(70), 'a'.repeat(70)],
    ['is cut to 70 characters', 'a'.repeat(71), 'a'.repeat(70)],
    ['is not cut within a character of two units', `${'a'.repeat(69)}😀`, 'a'.repeat(69)],
  ])('%s', (_, text, cut) => {
    expect(cutForSms(text)).toBe(cut);
  });

  it.each(['a', '€', 'ż', '😀'])('of many "%s" costs one message', (character) => {
    expect(measureText(cutForSms(character.repeat(smsCharactersMax + 1))).parts).toBe(1);
  });

  it('by default fits with a login of 40 characters only when cut', () => {
    expect(cutForSms(fillTemplate(defaults.smsBody, { ...values, USER: 'x'.repeat(40) }))).toHaveLength(70);
  });
});

describe('the texts in use', () => {
  const own = { ...defaults, emailFrom: 'a@example.org', emailSubject: 'S', emailBody: 'B', smsBody: 'M' };

  it('are the defaults for a mode that is not customized', () => {
    expect(textsInUse({ ...own, customizedEmailMode: false, customizedSmsMode: true }, defaults)).toEqual({ ...defaults, smsBody: 'M' });
    expect(textsInUse(undefined, defaults)).toEqual(defaults);
  });

  it("are the account's own for a mode that is", () => {
    const { emailFrom, emailSubject, emailBody, smsBody } = textsInUse({ ...own, customizedEmailMode: true }, defaults);
    expect([emailFrom, emailSubject, emailBody, smsBody]).toEqual(['a@example.org', 'S', 'B', defaults.smsBody]);
  });

  it('are the defaults where its own are blank: nothing empty goes out', () => {
    const blank = { ...own, customizedEmailMode: true, customizedSmsMode: true, emailFrom: '', emailSubject: ' ', emailBody: '\n', smsBody: '' };
    expect(textsInUse(blank, defaults)).toEqual(defaults);
  });
});

it.each([
  [5_000, '5'],
  [4_999, '4.99'],
  [4_990, '4.99'],
  [4_500, '4.5'],
  [9, '0'],
])('%d milli-credits are shown as %s', (milliCredits, shown) => {
  expect(shownCredits(milliCredits)).toBe(shown);
});
