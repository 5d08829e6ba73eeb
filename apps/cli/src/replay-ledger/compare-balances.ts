// Whether a running system reports what its events add up to.
import type { AccountBalance } from '@kwota/audit-log/replay-ledger';
import type { AuditSource } from '../audit-source/audit-source.js';
import { findInstallation, type CliConfig } from '../cli.config.js';
import { accountView, failed, names, OperatorApi, pathOf, type AccountView, type Failed } from '../operator-api.client.js';
import { misused, type Report } from '../report.js';

/** A running system goes on between the two looks; so many looks of this pause find a quiet moment, or one that stays wrong. */
const looksMax = 5;
const pauseMs = 200;
const accountsAtOnce = 16;

type Reported = Pick<AccountView, 'creditsLeft' | 'creditsHoldByQuota' | 'userQuantityWithQuota'>;
export type BalanceMismatch = Readonly<{ account: string; field: keyof Reported | 'account'; replayed: number | null; reported: number | null }>;
export type Comparison =
  | Readonly<{ outcome: 'equal'; url: string; accounts: number }>
  | Readonly<{ outcome: 'mismatch'; url: string; mismatches: readonly BalanceMismatch[] }>
  | Readonly<{ outcome: 'not-compared'; reason: string }>;

/** What was added up from events: a replay, or a verification. */
export type AddedUp = Readonly<{ ok: boolean; accounts?: readonly AccountBalance[] }>;
export type Compared<Result> = Readonly<{ result: Result; comparison: Comparison }>;

/**
 * Compares with the running system that is configured, unless there is a reason not to. One that does not answer is no failure where its address
 * was only written down; but whoever names one by KWOTA_URL wants the comparison.
 */
export const compareOrNot = async <Result extends AddedUp>(
  config: CliConfig,
  { isExport }: Pick<AuditSource, 'isExport'>,
  addUp: () => Promise<Result>,
  reasonNotTo: string | undefined,
): Promise<Compared<Result> | Report> => {
  const notCompared = async (reason: string): Promise<Compared<Result>> => ({ result: await addUp(), comparison: { outcome: 'not-compared', reason } });
  if (reasonNotTo !== undefined) return notCompared(reasonNotTo);
  if (isExport) return notCompared('an export is compared with nothing that runs');
  const installation = findInstallation(config);
  if (!installation.found) return config.url === undefined ? notCompared(installation.reason) : misused(installation.reason);
  const compared = await compareWithRunning(new OperatorApi(installation.url, installation.operatorToken), addUp);
  if (!('outcome' in compared)) return compared;
  return compared.outcome === 'unreachable' && config.url === undefined ? notCompared(compared.message) : failed(compared);
};

/** Adds up again as long as the system moves: a difference counts only where its report is the same before and after. */
export const compareWithRunning = async <Result extends AddedUp>(api: OperatorApi, addUp: () => Promise<Result>): Promise<Compared<Result> | Failed> => {
  let before = await reportOf(api);
  for (let look = 1; ; look += 1) {
    if (isFailed(before)) return before;
    const result = await addUp();
    if (!result.ok || !result.accounts) return { result, comparison: { outcome: 'not-compared', reason: 'the events themselves are not in order' } };
    const mismatches = mismatchesOf(result.accounts, before);
    if (mismatches.length === 0) return { result, comparison: { outcome: 'equal', url: api.url, accounts: before.size } };
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const after = await reportOf(api);
    if (isFailed(after)) return after;
    const stays = sameReports(before, after);
    // An account may have been opened, or moved, between the report and the replay: a second look tells.
    if (stays && look > 1) return { result, comparison: { outcome: 'mismatch', url: api.url, mismatches } };
    if (look === looksMax)
      return { result, comparison: { outcome: 'not-compared', reason: `the accounts moved during ${looksMax} replays; try again in a quiet moment` } };
    before = after;
  }
};

/** Field by field, as people are shown them: floored to two decimals. */
export const mismatchesOf = (replayed: readonly AccountBalance[], reported: ReadonlyMap<string, Reported>): readonly BalanceMismatch[] => {
  const byName = new Map(replayed.filter(({ status }) => status !== 'not-opened').map((balance) => [balance.account, balance]));
  const missing = [...byName.values()]
    .filter(({ account }) => !reported.has(account))
    .map(({ account }): BalanceMismatch => ({ account, field: 'account', replayed: 1, reported: null }));
  const different = [...reported].flatMap(([account, report]): readonly BalanceMismatch[] => {
    const balance = byName.get(account);
    if (!balance) return [{ account, field: 'account', replayed: null, reported: 1 }];
    const expected: Reported = {
      creditsLeft: shown(balance.poolMilliCredits),
      creditsHoldByQuota: shown(balance.quotasMilliCredits),
      userQuantityWithQuota: balance.users.filter(({ quotaActive }) => quotaActive).length,
    };
    return fields.filter((field) => expected[field] !== report[field]).map((field) => ({ account, field, replayed: expected[field], reported: report[field] }));
  });
  return [...missing, ...different];
};

const fields = ['creditsLeft', 'creditsHoldByQuota', 'userQuantityWithQuota'] as const satisfies readonly (keyof Reported)[];

/** OVH.md 9. */
const shown = (milliCredits: number): number => Math.floor(milliCredits / 10) / 100;

const reportOf = async (api: OperatorApi): Promise<ReadonlyMap<string, Reported> | Failed> => {
  const listed = await api.get(pathOf(), names);
  if (listed.outcome !== 'done') return listed;
  const reported = new Map<string, Reported>();
  for (let at = 0; at < listed.body.length; at += accountsAtOnce) {
    const asked = listed.body.slice(at, at + accountsAtOnce).map((account) => api.get(pathOf(account), accountView));
    for (const answer of await Promise.all(asked)) {
      if (answer.outcome !== 'done') return answer;
      reported.set(answer.body.name, answer.body);
    }
  }
  return reported;
};

const isFailed = (report: ReadonlyMap<string, Reported> | Failed): report is Failed => 'outcome' in report;

const sameReports = (one: ReadonlyMap<string, Reported>, other: ReadonlyMap<string, Reported>): boolean =>
  one.size === other.size && [...one].every(([account, report]) => fields.every((field) => other.get(account)?.[field] === report[field]));
