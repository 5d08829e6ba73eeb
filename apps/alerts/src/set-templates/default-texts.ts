// What is said where an account has set no text of its own, in each language. Nothing here is longer in an SMS than 70 characters.
import type { AlertTemplates } from '@kwota/contracts/alerts.requests.v1';

export const alertLanguages = ['en', 'pl', 'fr'] as const;
export type AlertLanguage = (typeof alertLanguages)[number];

type Written = Readonly<{ subject: string; text: string }>;

export type DefaultTexts = Readonly<{
  /** With the control panel's four variables. */
  threshold: Pick<AlertTemplates, 'emailSubject' | 'emailBody' | 'smsBody'>;
  forecast: (values: { user: string; left: string; days: number }) => Written & { sms: string };
  /** Stands before a test's own text. */
  testNote: string;
  endpointFailing: (values: { name: string; percent: number; since: string }) => Written;
  endpointOff: (values: { name: string; reason: 'gone' | 'failing' }) => Written;
  connectorDown: (values: { connector: string; problem: string; since: string }) => Written;
  codeUnknown: (values: { connector: string; code: string }) => Written;
}>;

const daysIn = (one: string, many: string) => (days: number): string => (days === 1 ? one : `${days} ${many}`);
const [enDays, plDays, frDays] = [daysIn('1 day', 'days'), daysIn('1 dzień', 'dni'), daysIn('1 jour', 'jours')];

export const defaultTexts: Readonly<Record<AlertLanguage, DefaultTexts>> = {
  en: {
    threshold: {
      emailSubject: '|USER|: |REMAINING| SMS credits left',
      emailBody:
        'Hello,\n\n|USER| has |REMAINING| SMS credits left, which reaches the alert threshold of |ALERTTHRESHOLD|.\n' +
        'The account has |CREDITSLEFT| credits left.\n\nKwota\n',
      smsBody: '|USER|: |REMAINING| SMS credits left (alert at |ALERTTHRESHOLD|)',
    },
    forecast: ({ user, left, days }) => ({
      subject: `${user}: SMS credits run out in ${enDays(days)} at this rate`,
      text: `Hello,\n\n${user} has ${left} SMS credits left. At the rate of the last days they run out in ${enDays(days)}.\n\nKwota\n`,
      sms: `${user}: ${left} SMS credits, out in ${enDays(days)} at this rate`,
    }),
    testNote: 'This is a test of the alert. No threshold was crossed.',
    endpointFailing: ({ name, percent, since }) => ({
      subject: `${name}: the callback URL fails (${percent} %)`,
      text:
        `Hello,\n\nthe callback URL of ${name} has taken no delivery report since ${since}.\n` +
        `That is ${percent} % of the five days after which it is switched off. Reports are kept and tried again meanwhile.\n\nKwota\n`,
    }),
    endpointOff: ({ name, reason }) => ({
      subject: `${name}: the callback URL is switched off (100 %)`,
      text:
        `Hello,\n\nthe callback URL of ${name} is switched off: ${reason === 'gone' ? 'it answered 410 Gone' : 'for five days it has taken no delivery report'}.\n` +
        'Set it again once it works; what was not delivered can be replayed.\n\nKwota\n',
    }),
    connectorDown: ({ connector, problem, since }) => ({
      subject: `Kwota: connector ${connector} is down`,
      text: `The connector ${connector} has not been bound to its SMSC since ${since}: ${problem}.\nMessages wait until their validity ends; kwota carriers list shows how many.\n`,
    }),
    codeUnknown: ({ connector, code }) => ({
      subject: `Kwota: unknown code from connector ${connector}`,
      text: `The SMSC of connector ${connector} uses a code that is not in the tables: ${code}.\nIt is passed on as it came and ends no message. See docs/runbook.md.\n`,
    }),
  },
  pl: {
    threshold: {
      emailSubject: '|USER|: pozostało |REMAINING| kredytów SMS',
      emailBody:
        'Dzień dobry,\n\n|USER|: pozostało |REMAINING| kredytów SMS, czyli osiągnięto próg alertu |ALERTTHRESHOLD|.\n' +
        'Na koncie pozostało |CREDITSLEFT| kredytów.\n\nKwota\n',
      smsBody: '|USER|: pozostało |REMAINING| SMS (próg alertu |ALERTTHRESHOLD|)',
    },
    forecast: ({ user, left, days }) => ({
      subject: `${user}: kredyty SMS skończą się za ${plDays(days)} w tym tempie`,
      text: `Dzień dobry,\n\n${user}: pozostało ${left} kredytów SMS. W tempie z ostatnich dni skończą się za ${plDays(days)}.\n\nKwota\n`,
      sms: `${user}: ${left} SMS, w tym tempie koniec za ${plDays(days)}`,
    }),
    testNote: 'To jest test alertu. Żaden próg nie został osiągnięty.',
    endpointFailing: ({ name, percent, since }) => ({
      subject: `${name}: adres callback nie działa (${percent} %)`,
      text:
        `Dzień dobry,\n\nadres callback ${name} nie przyjął żadnego raportu doręczenia od ${since}.\n` +
        `To ${percent} % z pięciu dni, po których zostanie wyłączony. Raporty są do tego czasu przechowywane i ponawiane.\n\nKwota\n`,
    }),
    endpointOff: ({ name, reason }) => ({
      subject: `${name}: adres callback został wyłączony (100 %)`,
      text:
        `Dzień dobry,\n\nadres callback ${name} został wyłączony: ${reason === 'gone' ? 'odpowiedział 410 Gone' : 'przez pięć dni nie przyjął żadnego raportu doręczenia'}.\n` +
        'Proszę ustawić go ponownie, gdy zacznie działać; niedoręczone raporty można wysłać jeszcze raz.\n\nKwota\n',
    }),
    connectorDown: ({ connector, problem, since }) => ({
      subject: `Kwota: brak połączenia ${connector}`,
      text: `Połączenie ${connector} nie jest zestawione z SMSC od ${since}: ${problem}.\nWiadomości czekają do końca ważności; ich liczbę pokazuje kwota carriers list.\n`,
    }),
    codeUnknown: ({ connector, code }) => ({
      subject: `Kwota: nieznany kod z połączenia ${connector}`,
      text: `SMSC połączenia ${connector} używa kodu, którego nie ma w tabelach: ${code}.\nKod jest przekazywany bez zmian i nie kończy żadnej wiadomości. Zob. docs/runbook.md.\n`,
    }),
  },
  fr: {
    threshold: {
      emailSubject: '|USER| : il reste |REMAINING| crédits SMS',
      emailBody:
        "Bonjour,\n\n|USER| : il reste |REMAINING| crédits SMS, ce qui atteint le seuil d'alerte de |ALERTTHRESHOLD|.\n" +
        'Il reste |CREDITSLEFT| crédits sur le compte.\n\nKwota\n',
      smsBody: "|USER| : reste |REMAINING| crédits SMS (seuil |ALERTTHRESHOLD|)",
    },
    forecast: ({ user, left, days }) => ({
      subject: `${user} : crédits SMS épuisés dans ${frDays(days)} à ce rythme`,
      text: `Bonjour,\n\n${user} : il reste ${left} crédits SMS. Au rythme des derniers jours, ils seront épuisés dans ${frDays(days)}.\n\nKwota\n`,
      sms: `${user} : ${left} SMS, épuisés dans ${frDays(days)} à ce rythme`,
    }),
    testNote: "Ceci est un test de l'alerte. Aucun seuil n'a été atteint.",
    endpointFailing: ({ name, percent, since }) => ({
      subject: `${name} : l'URL de callback échoue (${percent} %)`,
      text:
        `Bonjour,\n\nl'URL de callback de ${name} n'a pris aucun accusé de réception depuis ${since}.\n` +
        `C'est ${percent} % des cinq jours après lesquels elle est désactivée. D'ici là, les accusés sont conservés et renvoyés.\n\nKwota\n`,
    }),
    endpointOff: ({ name, reason }) => ({
      subject: `${name} : l'URL de callback est désactivée (100 %)`,
      text:
        `Bonjour,\n\nl'URL de callback de ${name} est désactivée : ${reason === 'gone' ? 'elle a répondu 410 Gone' : "pendant cinq jours, elle n'a pris aucun accusé de réception"}.\n` +
        "Définissez-la de nouveau quand elle fonctionne ; ce qui n'a pas été remis peut être renvoyé.\n\nKwota\n",
    }),
    connectorDown: ({ connector, problem, since }) => ({
      subject: `Kwota : le connecteur ${connector} est hors service`,
      text: `Le connecteur ${connector} n'est plus lié à son SMSC depuis ${since} : ${problem}.\nLes messages attendent jusqu'à la fin de leur validité ; kwota carriers list en montre le nombre.\n`,
    }),
    codeUnknown: ({ connector, code }) => ({
      subject: `Kwota : code inconnu du connecteur ${connector}`,
      text: `Le SMSC du connecteur ${connector} utilise un code qui n'est pas dans les tables : ${code}.\nIl est transmis tel quel et ne termine aucun message. Voir docs/runbook.md.\n`,
    }),
  },
};
