import { z } from 'zod';
import { accountView, failed, names, pathOf, type OperatorApi } from '../operator-api.client.js';
import { done, facts, type Report } from '../report.js';

const created = z.object({ serviceName: z.string() });

/** Creating it again under the same name changes nothing. */
export const createAccount = async (api: OperatorApi, serviceName: string | undefined, description: string | undefined, ownerId: string | undefined): Promise<Report> => {
  const answer = await api.post(pathOf(), { ...(serviceName === undefined ? {} : { serviceName }), ...(description === undefined ? {} : { description }), ...(ownerId === undefined ? {} : { ownerId }) }, created);
  return answer.outcome === 'done' ? done(answer.body, answer.body.serviceName) : failed(answer);
};

export const listAccounts = async (api: OperatorApi): Promise<Report> => {
  const answer = await api.get(pathOf(), names);
  return answer.outcome === 'done' ? done(answer.body, answer.body.join('\n')) : failed(answer);
};

export const showAccount = async (api: OperatorApi, account: string): Promise<Report> => {
  const answer = await api.get(pathOf(account), accountView);
  if (answer.outcome !== 'done') return failed(answer);
  const { name, description, creditsLeft, creditsHoldByQuota, userQuantityWithQuota, callBack, stopCallBack } = answer.body;
  return done(
    answer.body,
    facts([
      ['account', name],
      ['description', description],
      ['credits left', String(creditsLeft)],
      ['in quotas', String(creditsHoldByQuota)],
      ['users with quota', String(userQuantityWithQuota)],
      ['callback', callBack ?? 'none'],
      ['STOP callback', stopCallBack ?? 'none'],
    ]),
  );
};
