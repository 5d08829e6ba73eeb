import type { StoredEvent } from '@kwota/event-store';

/** A line that replaces the one before; empty when the work is done. Left out where nobody looks: standard error is no terminal. */
export type ShowProgress = (line: string) => void;

const shownEveryMs = 200;
/** Between two looks at the clock: a twentieth of a second's work. */
const eventsPerLook = 2_048;
const barLength = 24;

/** Shows how far a long reading is, as a bar where the end is known. */
export const withProgress = (events: AsyncIterable<StoredEvent>, total: number | undefined, show: ShowProgress | undefined): AsyncIterable<StoredEvent> =>
  show ? watched(events, total, show) : events;

async function* watched(events: AsyncIterable<StoredEvent>, total: number | undefined, show: ShowProgress): AsyncGenerator<StoredEvent> {
  let count = 0;
  let shownAtMs = Date.now();
  let isShown = false;
  try {
    for await (const event of events) {
      yield event;
      count += 1;
      if (count % eventsPerLook !== 0 || Date.now() - shownAtMs < shownEveryMs) continue;
      shownAtMs = Date.now();
      isShown = true;
      show(progressLine(count, total));
    }
  } finally {
    if (isShown) show('');
  }
}

export const progressLine = (count: number, total: number | undefined): string => {
  const events = `${count.toLocaleString('en')} events`;
  if (!total) return events;
  const share = Math.min(1, count / total);
  const filled = Math.round(share * barLength);
  return `[${'#'.repeat(filled)}${'.'.repeat(barLength - filled)}] ${Math.floor(100 * share)} %  ${events}`;
};
