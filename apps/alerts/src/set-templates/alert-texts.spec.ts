import { measureText } from '@kwota/sms-text';
import { cutForSms, defaultTemplates, fillTemplate, fitSms, shownCredits, smsCharactersMax, textsInUse } from './alert-texts.js';
import { alertLanguages, defaultTexts } from './default-texts.js';

const defaults = defaultTemplates('kwota@localhost', 'en');
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

  it.each(alertLanguages)('in %s fits one message with a login of 40 characters and large numbers, which stay whole', (language) => {
    const { threshold, forecast } = defaultTexts[language];
    const large = { REMAINING: '1234567.89', ALERTTHRESHOLD: '1234567.5', CREDITSLEFT: '1234567.89' };
    const login = 'shop-of-a-customer-with-a-very-long-name';
    const atThreshold = fitSms((user) => fillTemplate(threshold.smsBody, { ...large, USER: user }), login);
    const foreseen = fitSms((user) => forecast({ user, left: large.REMAINING, days: 90 }).sms, login);
    for (const text of [atThreshold, foreseen]) {
      expect(measureText(text).parts).toBe(1);
      expect(text.length).toBeLessThanOrEqual(70);
      expect(text).toMatch(/^shop/);
      expect(text).toContain('1234567.89');
    }
    expect(atThreshold).toContain('1234567.5');
    expect(foreseen).toContain('90');
  });

  it('is cut where its text is too long without any login', () => {
    expect(fitSms((user) => `${user}${'a'.repeat(80)}`, 'demo')).toBe('a'.repeat(70));
  });
});

describe.each(alertLanguages)('the default texts in %s', (language) => {
  it('use the four variables, and no other', () => {
    const { emailSubject, emailBody, smsBody } = defaultTexts[language].threshold;
    const used = `${emailSubject}${emailBody}${smsBody}`.match(/\|[A-Z]+\|/g);
    expect([...new Set(used)].sort()).toEqual(['|ALERTTHRESHOLD|', '|CREDITSLEFT|', '|REMAINING|', '|USER|']);
  });

  it('are templates that an account may set', () => {
    const { emailSubject, emailBody, smsBody } = defaultTexts[language].threshold;
    expect([emailSubject.length <= 200, emailBody.length <= 10_000, smsBody.length <= 70]).toEqual([true, true, true]);
  });

  it('count one day as one', () => {
    const { forecast } = defaultTexts[language];
    const [one, three] = [1, 3].map((days) => forecast({ user: 'demo', left: '5', days }).text) as [string, string];
    expect(one).toMatch(/1 (day|dzień|jour)\./);
    expect(three).toMatch(/3 (days|dni|jours)\./);
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
