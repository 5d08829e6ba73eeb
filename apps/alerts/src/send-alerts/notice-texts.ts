// What is written of other things than credit, in the installation's language. Pure.

export type AlertLanguage = 'en' | 'pl' | 'fr';
/** `callback-failing`: the level is a percentage of five days. */
export type NoticeKind = 'callback-failing' | 'callback-off' | 'test';
export type AlertKind = 'threshold' | NoticeKind;
export type NoticeText = Readonly<{ subject: string; body: string; sms: string }>;

type Texts = Readonly<Record<NoticeKind, (user: string, percent: number) => NoticeText>>;


const withSms = (subject: string, body: string): NoticeText => ({ subject, body: `${body}\n\nKwota\n`, sms: subject });

const texts: Readonly<Record<AlertLanguage, Texts>> = {
  en: {
    'callback-failing': (user, percent) =>
      withSms(`${user}: the callback URL fails`, `Hello,\n\nthe callback URL of ${user} has taken nothing for ${percent} % of the five days after which it is switched off.`),
    'callback-off': (user) =>
      withSms(`${user}: the callback URL is switched off`, `Hello,\n\nthe callback URL of ${user} is gone, or has taken nothing for five days. It is switched off: set one that answers, then ask for the reports that it missed.`),
    test: (user) => withSms(`${user}: test of the alert`, `Hello,\n\nthis is a test: alerts of ${user} come to this address.`),
  },
  pl: {
    'callback-failing': (user, percent) =>
      withSms(`${user}: adres zwrotny nie odpowiada`, `Dzień dobry,\n\nadres zwrotny użytkownika ${user} nie przyjął niczego przez ${percent} % z pięciu dni, po których zostanie wyłączony.`),
    'callback-off': (user) =>
      withSms(`${user}: adres zwrotny wyłączony`, `Dzień dobry,\n\nadres zwrotny użytkownika ${user} już nie istnieje albo nie przyjął niczego przez pięć dni. Został wyłączony: proszę ustawić działający i poprosić o raporty, których nie dostał.`),
    test: (user) => withSms(`${user}: test alertu`, `Dzień dobry,\n\nto jest test: alerty użytkownika ${user} przychodzą na ten adres.`),
  },
  fr: {
    'callback-failing': (user, percent) =>
      withSms(`${user} : l’URL de callback ne répond pas`, `Bonjour,\n\nl’URL de callback de ${user} n’a rien accepté pendant ${percent} % des cinq jours après lesquels elle est désactivée.`),
    'callback-off': (user) =>
      withSms(`${user} : URL de callback désactivée`, `Bonjour,\n\nl’URL de callback de ${user} n’existe plus, ou n’a rien accepté pendant cinq jours. Elle est désactivée : indiquez-en une qui répond, puis demandez les rapports manqués.`),
    test: (user) => withSms(`${user} : test de l’alerte`, `Bonjour,\n\nceci est un test : les alertes de ${user} arrivent à cette adresse.`),
  },
};

export const noticeText = (kind: NoticeKind, language: AlertLanguage, user: string, percent: number): NoticeText => texts[language][kind](user, percent);
