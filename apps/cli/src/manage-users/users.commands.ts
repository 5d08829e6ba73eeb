import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { failed, names, pathOf, userView, type Failed, type OperatorApi, type UserView } from '../operator-api.client.js';
import { done, facts, misused, table, type Report } from '../report.js';

const usersAtOnce = 16;

/** What `user set` was given; left out stays as it is. */
export type UserChange = Readonly<{
  password?: string;
  quota?: number | 'off';
  threshold?: number | 'off';
  alertEmail?: string;
  alertNumber?: string;
  support?: UserView['alertThresholdInformations']['support'];
  ip?: readonly string[];
  callback?: string | null;
  stopCallback?: string | null;
  perMinute?: number;
}>;

/** Without a password one is made up and shown: once, as nobody can read it later. */
export const createUser = async (api: OperatorApi, account: string, login: string, given: string | undefined): Promise<Report> => {
  const password = given ?? newPassword();
  const answer = await api.post(pathOf(account, 'users'), { login, password }, z.null());
  if (answer.outcome !== 'done') return failed(answer);
  if (given !== undefined) return done({ login }, `${login} created`);
  return done({ login, password }, `${login} created; its password, shown only now: ${password}`);
};

export const listUsers = async (api: OperatorApi, account: string): Promise<Report> => {
  const answer = await api.get(pathOf(account, 'users'), names);
  if (answer.outcome !== 'done') return failed(answer);
  const users: UserView[] = [];
  for (let at = 0; at < answer.body.length; at += usersAtOnce) {
    const asked = answer.body.slice(at, at + usersAtOnce).map((login) => api.get(pathOf(account, 'users', login), userView));
    for (const user of await Promise.all(asked)) {
      if (user.outcome === 'done') users.push(user.body);
      // Deleted since the list was made.
      else if (!isGone(user)) return failed(user);
    }
  }
  const rows = users.map(({ login, quotaInformations: quota, alertThresholdInformations: alert, ipRestrictions, callBack }) => [
    login,
    quotaText(quota),
    thresholdText(alert),
    ipRestrictions.join(' ') || 'any',
    callBack ?? 'none',
  ]);
  return done(users, rows.length === 0 ? 'no API users' : table(['login', 'quota left', 'alert at', 'addresses', 'callback'], rows));
};

export const showUser = async (api: OperatorApi, account: string, login: string): Promise<Report> => {
  const answer = await api.get(pathOf(account, 'users', login), userView);
  if (answer.outcome !== 'done') return failed(answer);
  const { quotaInformations, alertThresholdInformations: alert, ipRestrictions, callBack, stopCallBack, messagesPerMinute } = answer.body;
  return done(
    answer.body,
    facts([
      ['login', login],
      ['quota left', quotaText(quotaInformations)],
      ['alert at', thresholdText(alert)],
      ['alert by', `${alert.support} ${[alert.alertEmail, alert.alertNumber].filter(Boolean).join(' ')}`],
      ['addresses', ipRestrictions.join(' ') || 'any'],
      ['callback', callBack ?? 'none'],
      ['STOP callback', stopCallBack ?? 'none'],
      ['messages a minute', messagesPerMinute == null ? 'any' : String(messagesPerMinute)],
    ]),
  );
};

const weighed = z.object({ creditsLeft: z.number().optional(), quotaLeft: z.number().optional() });

/** `dryRun`: nothing changes; it says why it would be refused, or what would be left. */
export const setUser = async (api: OperatorApi, account: string, login: string, change: UserChange, dryRun = false): Promise<Report> => {
  if (Object.keys(change).length === 0) return misused('nothing to set: see kwota user set --help');
  const path = pathOf(account, 'users', login);
  const before = await api.get(path, userView);
  if (before.outcome !== 'done') return failed(before);
  if (dryRun) {
    const would = await api.put(`${path}?dryRun=true`, bodyOf(change, before.body), weighed);
    if (would.outcome !== 'done') return failed(would);
    const { quotaLeft, creditsLeft } = would.body;
    const left = quotaLeft === undefined ? '' : `: quota left ${quotaLeft}, left on the account ${creditsLeft}`;
    return done({ login, ...would.body }, `${login} would be changed${left}; nothing was`);
  }
  const answer = await api.put(path, bodyOf(change, before.body));
  return answer.outcome === 'done' ? done({ login }, `${login} changed`) : failed(answer);
};

/** What is left of its quota returns to the account. */
export const deleteUser = async (api: OperatorApi, account: string, login: string): Promise<Report> => {
  const answer = await api.delete(pathOf(account, 'users', login));
  return answer.outcome === 'done' ? done({ login }, `${login} deleted`) : failed(answer);
};

/** The v6 body: an alert is set as a whole there, so what was not given is taken from the user as it is. */
export const bodyOf = (change: UserChange, { alertThresholdInformations: alert }: UserView): Record<string, unknown> => {
  const { password, quota, threshold, alertEmail, alertNumber, support, ip, callback, stopCallback, perMinute } = change;
  const changesAlert = [threshold, alertEmail, alertNumber, support].some((given) => given !== undefined);
  return {
    ...(password === undefined ? {} : { password }),
    ...(quota === undefined ? {} : { quotaInformations: quota === 'off' ? { quotaLeft: 0, quotaStatus: 'inactive' } : { quotaLeft: quota, quotaStatus: 'active' } }),
    ...(changesAlert
      ? {
          alertThresholdInformations: {
            alertEmail: alertEmail ?? alert.alertEmail,
            alertNumber: alertNumber ?? alert.alertNumber,
            alertThreshold: threshold === 'off' ? -1 : (threshold ?? alert.alertThreshold),
            support: support ?? alert.support,
          },
        }
      : {}),
    ...(perMinute === undefined ? {} : { messagesPerMinute: perMinute }),
    ...(ip === undefined ? {} : { ipRestrictions: ip }),
    ...(callback === undefined ? {} : { callBack: callback }),
    ...(stopCallback === undefined ? {} : { stopCallBack: stopCallback }),
  };
};

const isGone = (answer: Failed): boolean => answer.outcome === 'refused' && answer.httpStatus === 404;

const quotaText = ({ quotaLeft, quotaStatus }: UserView['quotaInformations']): string => (quotaStatus === 'active' ? String(quotaLeft) : 'off');

const thresholdText = ({ alertThreshold }: UserView['alertThresholdInformations']): string => (alertThreshold < 0 ? 'off' : String(alertThreshold));

/** 57 letters and digits that nobody mistakes for each other; 57^8 is 1.1 * 10^14. */
const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
export const newPassword = (): string => Array.from({ length: 8 }, () => alphabet[randomInt(alphabet.length)]).join('');
