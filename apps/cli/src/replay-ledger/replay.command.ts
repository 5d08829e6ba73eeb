import { replayLedger, type AccountBalance, type Replay, type ReplayUntil } from '@kwota/audit-log/replay-ledger';
import { onSource, type AuditContext } from '../audit-source/audit-source.js';
import { exactCredits, exitCodes, table, type Report } from '../report.js';
import { compareOrNot, type Comparison } from './compare-balances.js';

/**
 * Folds the events with the ledger's own code, checks the hash chain and the invariant on the way, and compares today's balances with what a
 * running system reports. It reads; it never writes. An export is not compared: it is older than what runs, and needs no network.
 */
export const replayCommand = (context: AuditContext, { until, compare, export: exportFile }: ReplayOptions): Promise<Report> =>
  onSource(context, exportFile, async (source) => {
    const replay = () => replayLedger(source, until);
    const compared = await compareOrNot(context.config, source, replay, until ? 'the past is not reported by a running system' : compare ? undefined : 'not asked for');
    return 'exitCode' in compared ? compared : reportOf(compared.result, compared.comparison);
  });

export type ReplayOptions = Readonly<{ until?: ReplayUntil; compare: boolean; export?: string }>;

export const reportOf = (replay: Replay, comparison: Comparison): Report => {
  if (!replay.ok) {
    const { stream, revision, position, reason } = replay.fault;
    return {
      exitCode: exitCodes.refused,
      json: replay,
      text: `${reason} in ${stream} at revision ${revision}, position ${position}; the ${replay.events} events before are right`,
    };
  }
  const { events, position, accounts } = replay;
  return {
    exitCode: comparison.outcome === 'mismatch' ? exitCodes.refused : exitCodes.ok,
    json: { ...replay, comparison },
    text: [
      balancesTable(accounts),
      '',
      `${events} events up to position ${position}: every hash and every sum is right`,
      comparisonText(comparison),
    ].join('\n'),
  };
};

export const balancesTable = (accounts: readonly AccountBalance[]): string =>
  accounts.length === 0 ? 'no accounts' : table(columns.map(([title]) => title), accounts.map((account) => columns.map(([, cell]) => cell(account))));

const columns: readonly (readonly [string, (balance: AccountBalance) => string])[] = [
  ['account', ({ account }) => account],
  ['status', ({ status }) => status],
  ['revision', ({ revision }) => String(revision)],
  ['pool', ({ poolMilliCredits }) => exactCredits(poolMilliCredits)],
  ['quotas', ({ quotasMilliCredits }) => exactCredits(quotasMilliCredits)],
  ['held', ({ heldMilliCredits }) => exactCredits(heldMilliCredits)],
  ['consumed', ({ consumedMilliCredits }) => exactCredits(consumedMilliCredits)],
  ['purchased', ({ purchasedMilliCredits }) => exactCredits(purchasedMilliCredits)],
  ['adjusted', ({ adjustedMilliCredits }) => exactCredits(adjustedMilliCredits)],
  ['in', ({ transferredInMilliCredits }) => exactCredits(transferredInMilliCredits)],
  ['out', ({ transferredOutMilliCredits }) => exactCredits(transferredOutMilliCredits)],
];

export const comparisonText = (comparison: Comparison): string => {
  if (comparison.outcome === 'equal') return `${comparison.url} reports the same for ${comparison.accounts} ${comparison.accounts === 1 ? 'account' : 'accounts'}`;
  if (comparison.outcome === 'not-compared') return `not compared: ${comparison.reason}`;
  const rows = comparison.mismatches.map(({ account, field, replayed, reported }) => [account, field, String(replayed ?? 'none'), String(reported ?? 'none')]);
  return `${comparison.url} reports otherwise:\n${table(['account', 'what', 'by its events', 'reported'], rows)}`;
};
