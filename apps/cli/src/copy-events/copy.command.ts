import { EventStore, type EventReader } from '@kwota/event-store';
import { isKurrentUrl } from '@kwota/service-kit/needs';
import { onLocation, type AuditContext } from '../audit-source/audit-source.js';
import { shownLocation } from '../cli.config.js';
import { done, exitCodes, misused, type Report } from '../report.js';
import { CopyRefused, copyEvents } from './copy-events.js';

/** Opens a store to write; main.ts names the adapter. */
export type OpenStore = (location: string) => Promise<EventStore>;
export type CopyOptions = Readonly<{ from: string; to: string }>;

/** One append holds up to as many runs of one stream; KurrentDB appends streams side by side, in no order that could be kept. */
const runsPerAppend = 500;

/** Exit codes: 1 when the target is another ledger or the source is damaged, 3 when the target cannot be reached or fails on the way. */
export const copyCommand = (context: AuditContext, openStore: OpenStore, { from, to }: CopyOptions): Promise<Report> =>
  onLocation(context, from, async (source) => {
    if (source.isExport) return misused(`${source.shown} is an export: it has not all that a store has (no ids), copy from a store`);
    const location = to.replace(/^sqlite:(?:\/\/)?/, '');
    const shown = shownLocation(location);
    let target: EventStore | undefined;
    try {
      target = await openStore(location);
      const { before, copied } = await copyEvents(source.readAll(), target, isKurrentUrl(location) ? 1 : runsPerAppend);
      const there = before > 0 ? `${before} were there, ` : '';
      return done({ outcome: 'copied', from: source.shown, to: shown, events: before + copied, copied }, `${there}${copied} events copied: ${before + copied} in ${shown} as in ${source.shown}`);
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof CopyRefused) return { exitCode: exitCodes.refused, json: { outcome: 'refused', from: source.shown, to: shown, ...error.where, message }, text: message };
      return { exitCode: exitCodes.unreachable, json: { outcome: 'failed', from: source.shown, to: shown, message }, text: `${shown}: ${message}. The same command goes on from here.` };
    } finally {
      await (target as Pick<EventReader, 'close'> | undefined)?.close();
    }
  });
