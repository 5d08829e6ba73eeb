// Whether a running system reports what its events add up to.
import type { AccountBalance, Replay } from '@kwota/audit-log/replay-ledger';
import { accountView, names, pathOf, type AccountView, type Failed, type OperatorApi } from '../operator-api.client.js';

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

/** Replays again as long as the system moves: a difference counts only where its report is the same before and after the replay. */
export const compareWithRunning = async (
  api: OperatorApi,
  replay: () => Promise<Replay>,
): Promise<Readonly<{ replay: Replay; comparison: Comparison }> | Failed> => {
  let before = await reportOf(api);
  for (let look = 1; ; look += 1) {
    if (isFailed(before)) return before;
    const replayed = await replay();
    if (!replayed.ok) return { replay: replayed, comparison: { outcome: 'not-compared', reason: 'the events themselves are not in order' } };
    const mismatches = mismatchesOf(replayed.accounts, before);
    if (mismatches.length === 0) return { replay: replayed, comparison: { outcome: 'equal', url: api.url, accounts: before.size } };
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const after = await reportOf(api);
    if (isFailed(after)) return after;
    const stays = sameReports(before, after);
    // An account may have been opened, or moved, between the report and the replay: a second look tells.
    if (stays && look > 1) return { replay: replayed, comparison: { outcome: 'mismatch', url: api.url, mismatches } };
    if (look === looksMax) return { replay: replayed, comparison: { outcome: 'not-compared', reason: `the accounts moved during ${looksMax} replays; try again in a quiet moment` } };
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
