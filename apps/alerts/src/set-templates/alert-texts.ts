import type { AlertTemplates } from '@kwota/contracts/alerts.requests.v1';
import { defaultTexts, type AlertLanguage } from './default-texts.js';

/** One part in either alphabet, so that an alert's SMS costs one message (OVH.md 6). */
export const smsCharactersMax = 70;

/** What an account sends that has set no texts; `emailFrom` and the language are the installation's. */
export const defaultTemplates = (emailFrom: string, language: AlertLanguage): AlertTemplates => ({
  customizedEmailMode: false,
  customizedSmsMode: false,
  emailFrom,
  ...defaultTexts[language].threshold,
});

const given = (text: string, fallback: string): string => (text.trim() === '' ? fallback : text);

/** The texts in use: each mode that the account has not switched on keeps its default, and so does a text that is blank. */
export const textsInUse = (templates: AlertTemplates | undefined, defaults: AlertTemplates): AlertTemplates => ({
  ...defaults,
  ...(templates?.customizedEmailMode && {
    emailFrom: given(templates.emailFrom, defaults.emailFrom),
    emailSubject: given(templates.emailSubject, defaults.emailSubject),
    emailBody: given(templates.emailBody, defaults.emailBody),
  }),
  ...(templates?.customizedSmsMode && { smsBody: given(templates.smsBody, defaults.smsBody) }),
});

export type AlertValues = Readonly<{ USER: string; REMAINING: string; ALERTTHRESHOLD: string; CREDITSLEFT: string }>;

/** The text with the control panel's variables replaced, in one pass: a login that looks like a variable stays as it is. */
export const fillTemplate = (template: string, values: AlertValues): string =>
  template.replaceAll(/\|(USER|REMAINING|ALERTTHRESHOLD|CREDITSLEFT)\|/g, (_, name: keyof AlertValues) => values[name]);

export const mentionsCreditsLeft = (...templates: readonly string[]): boolean => templates.some((template) => template.includes('|CREDITSLEFT|'));

/** At most 70 UTF-16 units; a character of two is not cut in half. */
export const cutForSms = (text: string): string => {
  const cut = text.slice(0, smsCharactersMax);
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
};

/** A long login gives way before the numbers do; what is too long without it is cut. */
export const fitSms = (write: (user: string) => string, user: string): string => {
  const characters = [...user];
  while (characters.length > 0 && write(characters.join('')).length > smsCharactersMax) characters.pop();
  return cutForSms(write(characters.join('')));
};

/** Milli-credits as people see them: floored to two decimals, no trailing zeros (OVH.md 9). */
export const shownCredits = (milliCredits: number): string => String(Math.floor(milliCredits / 10) / 100);
