import { dlrText, type DlrId } from '@kwota/delivery-codes';

export type CallbackParameters = Readonly<{ messageId: number; ptt: number; dlr: DlrId; atMs: number }>;

/**
 * The URL that is called (OVH.md 4): the parameters behind those that it has already. `dlr` is what RaspiSMS reads for `description`.
 * @param timeZone the installation's, of `date`.
 */
export const callbackUrl = (url: string, { messageId, ptt, dlr, atMs }: CallbackParameters, timeZone: string): string => {
  const query = new URLSearchParams({
    id: String(messageId),
    ptt: String(ptt),
    date: callbackDate(atMs, timeZone),
    description: String(dlr),
    descriptionDlr: dlrText(dlr),
    dlr: String(dlr),
  });
  const [withoutFragment = ''] = url.split('#', 1);
  return `${withoutFragment}${withoutFragment.includes('?') ? '&' : '?'}${query}`;
};

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
