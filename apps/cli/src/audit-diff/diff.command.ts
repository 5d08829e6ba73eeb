import { onLocation, type AuditContext } from '../audit-source/audit-source.js';
import { exitCodes, table, type Report } from '../report.js';
import { diffHistories, type HistoryDifference } from './diff-histories.js';

const shownMax = 100;

/** Exports, event files or databases, in any pair. One that only goes on where the other ends is no mismatch. */
export const diffCommand = (context: AuditContext, first: string, second: string): Promise<Report> =>
  onLocation(context, first, (one) =>
    onLocation(context, second, async (other) => reportOf(one.shown, other.shown, await diffHistories(one.readAll(), other.readAll()))),
  );

const reportOf = (first: string, second: string, difference: HistoryDifference): Report => {
  const { streams, differences, orderPartsAt, outcome } = difference;
  const rows = differences
    .slice(0, shownMax)
    .map(({ stream, first: one, second: other, partsAt, position }) => [
      stream,
      String(one),
      String(other),
      partsAt === null ? 'goes on' : `differ from revision ${partsAt}, position ${position}`,
    ]);
  const said = {
    same: `the same ${streams} ${streams === 1 ? 'stream' : 'streams'}, event by event and in the same order`,
    'first-goes-on': `${first} goes on where ${second} ends; all before is the same`,
    'second-goes-on': `${second} goes on where ${first} ends; all before is the same`,
    different:
      orderPartsAt === null ? 'they are not one history' : `they are not one history: from position ${orderPartsAt} on the order of all events is another`,
  };
  return {
    exitCode: outcome === 'different' ? exitCodes.refused : exitCodes.ok,
    json: { first, second, ...difference },
    text: [...(rows.length > 0 ? [table(['stream', 'first', 'second', 'what'], rows), ''] : []), said[outcome]].join('\n'),
  };
};
