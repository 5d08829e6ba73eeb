import { z } from 'zod';
import { accountView, failed, pathOf, type OperatorApi } from '../operator-api.client.js';
import { done, facts, type Report } from '../report.js';

const purchased = z.object({ creditsLeft: z.number() });

/** Once per reference: the same reference with the same amount again changes nothing, with another amount it is refused. */
export const addCredits = async (api: OperatorApi, account: string, credits: number, reference: string): Promise<Report> => {
  const answer = await api.post(pathOf(account, 'credits'), { credits, reference }, purchased);
  return answer.outcome === 'done' ? done(answer.body, `${answer.body.creditsLeft} credits left on ${account}`) : failed(answer);
};

/** Up or down, once per reference; the reason code is kept with it in the ledger. */
export const adjustCredits = async (api: OperatorApi, account: string, credits: number, reference: string, reasonCode: string): Promise<Report> => {
  const answer = await api.post(pathOf(account, 'adjustments'), { credits, reference, reasonCode }, purchased);
  return answer.outcome === 'done' ? done(answer.body, `${answer.body.creditsLeft} credits left on ${account}`) : failed(answer);
};

export const showCredits = async (api: OperatorApi, account: string): Promise<Report> => {
  const answer = await api.get(pathOf(account), accountView);
  if (answer.outcome !== 'done') return failed(answer);
  const { creditsLeft, creditsHoldByQuota, userQuantityWithQuota } = answer.body;
  return done(
    { account, creditsLeft, creditsHoldByQuota, userQuantityWithQuota },
    facts([
      ['credits left', String(creditsLeft)],
      ['in quotas', String(creditsHoldByQuota)],
      ['users with quota', String(userQuantityWithQuota)],
    ]),
  );
};
