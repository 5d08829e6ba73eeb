import { z } from 'zod';
import { failed, pathOf, userView, type OperatorApi, type UserView } from '../operator-api.client.js';
import { done, exitCodes, facts, misused, table, type Report } from '../report.js';

type AlertThreshold = UserView['alertThresholdInformations'];

/** What `alerts set` was given; left out stays as it is. */
export type AlertChange = Readonly<{ threshold?: number | 'off'; alertEmail?: string; alertNumber?: string; support?: AlertThreshold['support'] }>;

const alertView = userView.shape.alertThresholdInformations;
const testedView = z.object({ media: z.array(z.object({ medium: z.string(), outcome: z.string(), reason: z.string() })) });

const alertsPath = (account: string, ...rest: readonly string[]): string => pathOf(account, 'alerts', ...rest);

export const showAlert = async (api: OperatorApi, account: string): Promise<Report> => {
  const answer = await api.get(alertsPath(account), alertView);
  if (answer.outcome !== 'done') return failed(answer);
  const { alertThreshold, support, alertEmail, alertNumber } = answer.body;
  return done(
    answer.body,
    facts([
      ['alert at', alertThreshold === -1 ? 'off' : String(alertThreshold)],
      ['alert by', `${support} ${[alertEmail, alertNumber].filter(Boolean).join(' ')}`],
    ]),
  );
};

export const setAlert = async (api: OperatorApi, account: string, { threshold, ...recipient }: AlertChange): Promise<Report> => {
  if (threshold === undefined && Object.keys(recipient).length === 0) return misused('nothing to set: see kwota alerts set --help');
  const before = await api.get(alertsPath(account), alertView);
  if (before.outcome !== 'done') return failed(before);
  const alertThreshold = threshold === 'off' ? -1 : (threshold ?? before.body.alertThreshold);
  const changed = { ...before.body, ...recipient, alertThreshold };
  const answer = await api.put(alertsPath(account), changed);
  return answer.outcome === 'done' ? done(changed, `the alert of ${account} is set`) : failed(answer);
};

/** Fails where any medium did not go out: a script that sets an installation up sees it. */
export const testAlert = async (api: OperatorApi, account: string, login: string | undefined): Promise<Report> => {
  const answer = await api.post(alertsPath(account, 'test'), login === undefined ? {} : { login }, testedView);
  if (answer.outcome !== 'done') return failed(answer);
  const { media } = answer.body;
  const text = table(['medium', 'outcome', 'reason'], media.map(({ medium, outcome, reason }) => [medium, outcome === 'waiting' ? 'no end yet, it may still go out' : outcome, reason]));
  const isSent = media.every(({ outcome }) => outcome === 'sent');
  return isSent ? done(answer.body, text) : { exitCode: exitCodes.refused, json: answer.body, text };
};
