import { allowedFromMs, isQuiet, type LocalTime, type QuietHours } from './quiet-hours.js';

const minuteMs = 60_000;
const dayNames = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Quiet hours in the installation's time zone; what was found is kept for the minute, since every message asks. */
export class QuietHoursClock {
  private readonly format: Intl.DateTimeFormat;
  private known: { minute: number; isQuiet: boolean; allowedFromMs: number } | undefined;

  constructor(
    private readonly quiet: QuietHours,
    timeZone: string,
  ) {
    this.format = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  }

  /** When what is due then may go out. */
  allowedFromMs(dueAtMs: number): number {
    const { isQuiet: isHeld, allowedFromMs: fromMs } = this.look(dueAtMs);
    return isHeld ? fromMs : dueAtMs;
  }

  private look(ms: number): { isQuiet: boolean; allowedFromMs: number } {
    const minute = Math.floor(ms / minuteMs);
    if (this.known?.minute === minute) return this.known;
    const localTimeOf = (atMs: number): LocalTime => this.localTimeOf(atMs);
    const isHeld = isQuiet(this.quiet, localTimeOf(ms));
    this.known = { minute, isQuiet: isHeld, allowedFromMs: isHeld ? allowedFromMs(this.quiet, ms, localTimeOf) : ms };
    return this.known;
  }

  private localTimeOf(ms: number): LocalTime {
    const parts = Object.fromEntries(this.format.formatToParts(ms).map(({ type, value }) => [type, value]));
    return { day: dayNames.indexOf(parts['weekday'] ?? ''), minute: Number(parts['hour']) * 60 + Number(parts['minute']) };
  }
}
