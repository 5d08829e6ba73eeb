import type { TextCoding } from '@kwota/sms-text';

/** OVH.md 3.3: what is missing, what is wrong. */
export type ParameterFault = Readonly<{ status: 201 | 202; message: string }>;

export type Http2SmsParameters = Readonly<{
  account: string;
  login: string;
  password: string;
  /** Empty where the installation's number for replies sends. */
  from: string;
  senderForResponse: boolean;
  to: readonly string[];
  message: string;
  noStop: boolean;
  tag: string | undefined;
  messageClass: number | undefined;
  coding: TextCoding | undefined;
  deferredUntilMs: number | undefined;
  idempotencyKey: string | undefined;
}>;

const tagLengthMax = 20;
const receiversMax = 1_000;
const deferredDaysMax = 90;
const dayMs = 24 * 60 * 60 * 1_000;
/** The contracts' limits (DESIGN §7); a password is eight characters where it is set, and what is longer is sealed for nothing. */
const lengths = [
  ['account', 64],
  ['login', 40],
  ['password', 200],
  ['tag', tagLengthMax],
  ['idempotencyKey', 128],
] as const;
/** As older guides call it, and programs that were written by them (Odoo's addon, Nagios scripts). */
const accountOfOldGuides = 'smsAccount';
const required = ['account', 'login', 'password', 'from', 'to', 'message'] as const;
const texts = [...required, 'tag', 'idempotencyKey'] as const;

/** Query or form body to parameters; the first fault in the order of the guide's table. `nowMs` and `timeZone` are for `deferred`. */
export const readParameters = (given: URLSearchParams, nowMs: number, timeZone: string): Http2SmsParameters | ParameterFault => {
  const value = (name: string): string => given.get(name) || (name === 'account' && given.get(accountOfOldGuides)) || '';
  // The named sender is ignored then, so it need not be there (OVH.md 1.2, 3.1).
  const senderForResponse = value('senderForResponse') === '1';
  for (const name of required) if (value(name) === '' && !(name === 'from' && senderForResponse)) return { status: 201, message: `Missing ${name}` };
  for (const name of texts) {
    if (value(name).includes('\0')) return { status: 202, message: `Invalid ${name}: holds a NUL` };
  }
  for (const [name, lengthMax] of lengths) if (value(name).length > lengthMax) return { status: 202, message: `Invalid ${name}: is too long` };

  const tag = value('tag') || undefined;
  const to = value('to').split(',').filter((receiver) => receiver.trim() !== '');
  if (to.length === 0) return { status: 201, message: 'Missing to' };
  if (to.length > receiversMax) return { status: 202, message: `Invalid to: more than ${receiversMax} receivers` };
  // What is no class is none: Ogham (Java) sends the name of a Java class in it with every message, and its users' messages arrive.
  const messageClass = /^[0-3]$/.test(value('class')) ? Number(value('class')) : undefined;
  const smsCoding = value('smsCoding') || value('SMSencoding') || undefined;
  if (smsCoding && !/^[12]$/.test(smsCoding)) return { status: 202, message: 'Invalid smsCoding: is not 1 or 2' };
  const idempotencyKey = value('idempotencyKey') || undefined;

  let deferredUntilMs: number | undefined;
  if (value('deferred')) {
    // A little past is a sender's clock or zone, and sent at once; more than a day is a mistake.
    deferredUntilMs = deferredTimeMs(value('deferred'), timeZone);
    if (deferredUntilMs === undefined || deferredUntilMs > nowMs + deferredDaysMax * dayMs || deferredUntilMs < nowMs - dayMs) return { status: 202, message: 'Invalid deferred time' };
  }
  return {
    account: value('account'),
    login: value('login'),
    password: value('password'),
    from: senderForResponse ? '' : value('from'),
    senderForResponse,
    to,
    // Clients send a line break as %0d; some encode its percent sign once more, so that the text "%0d" arrives (OVH.md 3.1).
    message: value('message').replaceAll(/\r\n?|%0d(?:%0a)?/gi, '\n'),
    noStop: value('noStop') === '1',
    tag,
    messageClass,
    coding: smsCoding ? (smsCoding === '1' ? '7bit' : 'unicode') : undefined,
    deferredUntilMs,
    idempotencyKey,
  };
};

/** `hhmmddMMYYYY` in the installation's time zone; a time that a change of the clock leaves out moves forward, a doubled one is the first. */
const deferredTimeMs = (text: string, timeZone: string): number | undefined => {
  const match = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{4})$/.exec(text);
  if (!match) return undefined;
  const [hour, minute, day, month, year] = match.slice(1).map(Number) as [number, number, number, number, number];
  const asUtc = Date.UTC(year, month - 1, day, hour, minute);
  const back = new Date(asUtc);
  if (back.getUTCDate() !== day || back.getUTCMonth() !== month - 1 || hour > 23 || minute > 59) return undefined;
  const before = asUtc - offsetMs(asUtc - dayMs, timeZone);
  return before + offsetMs(before, timeZone) === asUtc ? before : Math.max(before, asUtc - offsetMs(asUtc, timeZone));
};

/** How far the zone's wall clock is ahead of UTC at an instant. */
const offsetMs = (instantMs: number, timeZone: string): number => {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'short', timeStyle: 'medium', hourCycle: 'h23' }).formatToParts(instantMs);
  const field = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  const year = new Intl.DateTimeFormat('en-GB', { timeZone, year: 'numeric' }).format(instantMs);
  return Date.UTC(Number(year), field('month') - 1, field('day'), field('hour'), field('minute'), field('second')) - Math.floor(instantMs / 1_000) * 1_000;
};
