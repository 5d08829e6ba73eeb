import { replayLedger, type AccountBalance, type Replay, type ReplayUntil } from '@kwota/audit-log/replay-ledger';
import type { EventReader } from '@kwota/event-store';
import { isPostgresUrl } from '@kwota/service-kit/needs';
import { existsSync } from 'node:fs';
import { eventsLocationOf, findInstallation, shownLocation, type CliConfig } from '../cli.config.js';
import { failed, OperatorApi } from '../operator-api.client.js';
import { exactCredits, exitCodes, misused, table, type Report } from '../report.js';
import { compareWithRunning, type Comparison } from './compare-balances.js';

/** Opens events, by file or URL, without a way to change them; main.ts names the adapter. */
export type OpenEvents = (location: string) => Promise<EventReader>;

/**
 * Folds the event store with the ledger's own code, checks the hash chain and the invariant on the way, and compares today's balances with
 * what a running system reports. It reads; it never writes.
 */
export const replayCommand = async (config: CliConfig, open: OpenEvents, until: ReplayUntil | undefined, compare: boolean): Promise<Report> => {
  const location = eventsLocationOf(config);
  if (location === undefined) return misused('KWOTA_EVENT_STORE_URL: this version reads only sqlite: and postgres://');
  if (!isPostgresUrl(location) && !existsSync(location)) return misused(`no events: ${location} is not there (KWOTA_DATA_DIR, KWOTA_EVENT_STORE_URL)`);
  try {
    return await replayEvents(config, await open(location), until, compare);
  } catch (error) {
    // A store that was damaged below its events is a finding, not a crash of the auditor.
    return unreadable(shownLocation(location), (error as Error).message);
  }
};

const replayEvents = async (config: CliConfig, reader: EventReader, until: ReplayUntil | undefined, compare: boolean): Promise<Report> => {
  try {
    const replay = () => replayLedger(reader, until);
    const notCompared = async (reason: string) => reportOf(await replay(), { outcome: 'not-compared', reason });
    if (until) return await notCompared('the past is not reported by a running system');
    if (!compare) return await notCompared('not asked for');
    const installation = findInstallation(config);
    if (!installation.found) return config.url === undefined ? await notCompared(installation.reason) : misused(installation.reason);
    const compared = await compareWithRunning(new OperatorApi(installation.url, installation.operatorToken), replay);
    if (!('outcome' in compared)) return reportOf(compared.replay, compared.comparison);
    // A stopped system is replayed as well; but whoever names one by KWOTA_URL wants the comparison.
    return compared.outcome === 'unreachable' && config.url === undefined ? await notCompared(compared.message) : failed(compared);
  } finally {
    await reader.close();
  }
};

const unreadable = (location: string, message: string): Report => ({
  exitCode: exitCodes.refused,
  json: { outcome: 'unreadable', location, message },
  text: `${location} cannot be read: ${message}`,
});

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
      accounts.length === 0 ? 'no accounts' : table(columns.map(([title]) => title), accounts.map((account) => columns.map(([, cell]) => cell(account)))),
      '',
      `${events} events up to position ${position}: every hash and every sum is right`,
      comparisonText(comparison),
    ].join('\n'),
  };
};

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

const comparisonText = (comparison: Comparison): string => {
  if (comparison.outcome === 'equal') return `${comparison.url} reports the same for ${comparison.accounts} ${comparison.accounts === 1 ? 'account' : 'accounts'}`;
  if (comparison.outcome === 'not-compared') return `not compared: ${comparison.reason}`;
  const rows = comparison.mismatches.map(({ account, field, replayed, reported }) => [account, field, String(replayed ?? 'none'), String(reported ?? 'none')]);
  return `${comparison.url} reports otherwise:\n${table(['account', 'what', 'by its events', 'reported'], rows)}`;
};
