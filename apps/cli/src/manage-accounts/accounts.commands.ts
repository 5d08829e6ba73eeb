import { z } from 'zod';
import { accountView, failed, names, pathOf, type OperatorApi } from '../operator-api.client.js';
import { done, facts, misused, type Report } from '../report.js';

const created = z.object({ serviceName: z.string() });

/** What `account set` was given; left out stays as it is. */
export type AccountChange = Readonly<{ description?: string; callback?: string | null; stopCallback?: string | null; recreditAt?: number | 'off' }>;

/** Creating it again under the same name changes nothing; with another description it is refused. */
export const createAccount = async (api: OperatorApi, serviceName: string | undefined, description: string | undefined, ownerId: string | undefined): Promise<Report> => {
  const answer = await api.post(pathOf(), { ...(serviceName === undefined ? {} : { serviceName }), ...(description === undefined ? {} : { description }), ...(ownerId === undefined ? {} : { ownerId }) }, created);
  return answer.outcome === 'done' ? done(answer.body, answer.body.serviceName) : failed(answer);
};

export const setAccount = async (api: OperatorApi, account: string, { description, callback, stopCallback, recreditAt }: AccountChange): Promise<Report> => {
  const change = {
    ...(description === undefined ? {} : { description }),
    ...(callback === undefined ? {} : { callBack: callback }),
    ...(stopCallback === undefined ? {} : { stopCallBack: stopCallback }),
    ...(recreditAt === undefined ? {} : { creditThresholdForAutomaticRecredit: recreditAt === 'off' ? 0 : recreditAt }),
  };
  if (Object.keys(change).length === 0) return misused('nothing to set: see kwota account set --help');
  const answer = await api.put(pathOf(account), change);
  return answer.outcome === 'done' ? done({ serviceName: account }, `${account} changed`) : failed(answer);
};

export const listAccounts = async (api: OperatorApi): Promise<Report> => {
  const answer = await api.get(pathOf(), names);
  return answer.outcome === 'done' ? done(answer.body, answer.body.join('\n')) : failed(answer);
};

export const showAccount = async (api: OperatorApi, account: string): Promise<Report> => {
  const answer = await api.get(pathOf(account), accountView);
  if (answer.outcome !== 'done') return failed(answer);
  const { name, description, creditsLeft, creditsHoldByQuota, userQuantityWithQuota, callBack, stopCallBack, creditThresholdForAutomaticRecredit: recreditAt } = answer.body;
  return done(
    answer.body,
    facts([
      ['account', name],
      ['description', description],
      ['credits left', String(creditsLeft)],
      ['in quotas', String(creditsHoldByQuota)],
      ['users with quota', String(userQuantityWithQuota)],
      ['top up at', recreditAt ? String(recreditAt) : 'off'],
      ['callback', callBack ?? 'none'],
      ['STOP callback', stopCallBack ?? 'none'],
    ]),
  );
};
