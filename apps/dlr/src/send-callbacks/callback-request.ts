// How a callback looks at its endpoint. Pure.
import { dlrText, type DlrId } from '@kwota/delivery-codes';
import { Webhook } from 'standardwebhooks';
import { beforeQuery } from './endpoint.js';

export type CallbackParameters = Readonly<{ messageId: number; sequence: number; ptt: number; dlr: DlrId; final: boolean; atMs: number }>;
/** GET with OVH's parameters, or our extension: POST with JSON. */
export type CallbackFormat = 'get' | 'json';
/** `url` as it was set, and remembered by who calls it; `query` comes behind what it has already. */
export type CallbackRequest = Readonly<{ method: 'GET' | 'POST'; url: string; query?: string; headers: Readonly<Record<string, string>>; body?: string }>;

/**
 * What is called (OVH.md 4): the parameters behind those that the URL has already, or a JSON body. `webhook-id` is the same for each attempt.
 * With secrets it is signed as Standard Webhooks says, once by each; what is signed is the body, for GET the whole query as it is sent, without `?`.
 * @param timeZone the installation's, of `date`.
 */
export const callbackRequest = (
  url: string,
  parameters: CallbackParameters,
  { format, secrets, timeZone, nowMs }: Readonly<{ format: CallbackFormat; secrets: readonly string[]; timeZone: string; nowMs: number }>,
): CallbackRequest => {
  const { messageId, sequence } = parameters;
  const id = `${messageId}.${sequence}`;
  if (format === 'json') {
    const body = JSON.stringify(jsonBody(parameters, timeZone));
    return { method: 'POST', url, headers: { ...headersOf(id, body, secrets, nowMs), 'content-type': 'application/json' }, body };
  }
  const query = callbackQuery(parameters, timeZone);
  const signed = secrets.length > 0 ? wholeQuery(url, query) : '';
  return { method: 'GET', url, query, headers: headersOf(id, signed, secrets, nowMs) };
};

const wholeQuery = (url: string, query: string): string => {
  const called = `${beforeQuery(url)}${query}`;
  return called.slice(called.indexOf('?') + 1);
};

const headersOf = (id: string, signed: string, secrets: readonly string[], nowMs: number): Record<string, string> => {
  if (secrets.length === 0) return { 'webhook-id': id };
  const timestamp = new Date(nowMs);
  const signatures = secrets.map((secret) => new Webhook(secret).sign(id, timestamp, signed));
  return { 'webhook-id': id, 'webhook-timestamp': String(Math.floor(nowMs / 1_000)), 'webhook-signature': signatures.join(' ') };
};

const jsonBody = ({ messageId, sequence, ptt, dlr, final, atMs }: CallbackParameters, timeZone: string) => ({
  id: messageId,
  ptt,
  date: callbackDate(atMs, timeZone),
  description: dlr,
  descriptionDlr: dlrText(dlr),
  dlr,
  sequence,
  final,
});

/** What of the query depends on the DLR id alone. `dlr` is what RaspiSMS reads for `description`. */
const dlrQueries = new Map<DlrId, string>();
const dlrQueryOf = (dlr: DlrId): string => {
  const known = dlrQueries.get(dlr);
  if (known !== undefined) return known;
  const query = String(new URLSearchParams({ description: String(dlr), descriptionDlr: dlrText(dlr), dlr: String(dlr) }));
  dlrQueries.set(dlr, query);
  return query;
};

/** Most callbacks are of the same second as the one before. */
let lastDate = { second: NaN, timeZone: '', text: '' };
const dateQueryOf = (atMs: number, timeZone: string): string => {
  const second = Math.floor(atMs / 1_000);
  if (second !== lastDate.second || timeZone !== lastDate.timeZone) lastDate = { second, timeZone, text: callbackDate(atMs, timeZone).replace(' ', '+').replaceAll(':', '%3A') };
  return lastDate.text;
};

/** OVH's parameters, byte for byte as URLSearchParams writes them, which takes some microseconds. */
export const callbackQuery = ({ messageId, ptt, dlr, atMs }: Pick<CallbackParameters, 'messageId' | 'ptt' | 'dlr' | 'atMs'>, timeZone: string): string =>
  `id=${messageId}&ptt=${ptt}&date=${dateQueryOf(atMs, timeZone)}&${dlrQueryOf(dlr)}`;

const formats = new Map<string, Intl.DateTimeFormat>();
const formatOf = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone);
  if (known) return known;
  // Sweden writes dates as `YYYY-MM-DD HH:MM:SS`.
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  formats.set(timeZone, format);
  return format;
};

/** `YYYY-MM-DD HH:MM:SS` (OVH.md 9). */
export const callbackDate = (atMs: number, timeZone: string): string =>
  timeZone === 'UTC' ? new Date(atMs).toISOString().slice(0, 19).replace('T', ' ') : formatOf(timeZone).format(atMs);
