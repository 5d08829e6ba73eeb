// When messages with advertising (those with a STOP clause) are held back (OVH.md 3.4). Pure.

export type QuietHours = Readonly<{
  /** Minutes of the day, local time; the end may lie behind midnight. Undefined: no hours. */
  hours: Readonly<{ fromMinute: number; toMinute: number }> | undefined;
  /** 0 is Sunday. */
  days: ReadonlySet<number>;
}>;
export type LocalTime = Readonly<{ day: number; minute: number }>;

export const noQuietHours: QuietHours = { hours: undefined, days: new Set() };

const minuteMs = 60_000;
/** Whoever keeps all seven days quiet sends nothing: a fortnight of minutes ends the search. */
const searchedMinutesMax = 14 * 24 * 60;
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** `22:00-08:00`, and days by name, by commas; `off` is none. @throws Error with the reason. */
export const parseQuietHours = (given: string): QuietHours => {
  if (given.trim() === 'off') return noQuietHours;
  let hours: QuietHours['hours'];
  const days = new Set<number>();
  for (const item of given.split(',').map((text) => text.trim().toLowerCase())) {
    const day = dayNames.indexOf(item);
    const [, fromHour, fromMinutes, toHour, toMinutes] = /^([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)$/.exec(item) ?? [];
    if (day >= 0) days.add(day);
    else if (fromHour === undefined || hours) throw new Error(`"${item}" is neither off, one span such as 22:00-08:00, nor a day such as sun`);
    else hours = { fromMinute: Number(fromHour) * 60 + Number(fromMinutes), toMinute: Number(toHour) * 60 + Number(toMinutes) };
  }
  if (days.size === dayNames.length) throw new Error('all seven days are quiet: nothing would ever be sent');
  return { hours, days };
};

export const isQuiet = ({ hours, days }: QuietHours, { day, minute }: LocalTime): boolean => {
  if (days.has(day)) return true;
  if (!hours) return false;
  const { fromMinute, toMinute } = hours;
  return fromMinute <= toMinute ? minute >= fromMinute && minute < toMinute : minute >= fromMinute || minute < toMinute;
};

/** The time itself, or the first full minute after it in which messages with advertising may go out. */
export const allowedFromMs = (quiet: QuietHours, atMs: number, localTimeOf: (ms: number) => LocalTime): number => {
  if ((!quiet.hours && quiet.days.size === 0) || !isQuiet(quiet, localTimeOf(atMs))) return atMs;
  const fromMs = Math.ceil(atMs / minuteMs) * minuteMs;
  for (let minutes = 0; minutes <= searchedMinutesMax; minutes += 1) {
    const candidateMs = fromMs + minutes * minuteMs;
    if (!isQuiet(quiet, localTimeOf(candidateMs))) return candidateMs;
  }
  return fromMs + searchedMinutesMax * minuteMs;
};
