import { z } from 'zod';
import { failed, type OperatorApi } from '../operator-api.client.js';
import { done, type Report } from '../report.js';

/** By mail and SMS as alerts would come; the SMS is charged. */
export const testAlert = async (api: OperatorApi, account: string, login: string | undefined): Promise<Report> => {
  const answer = await api.post('/alerts/test', { account, ...(login !== undefined && { login }) }, z.object({ media: z.array(z.string()) }));
  return answer.outcome === 'done' ? done(answer.body, `a test goes out by ${answer.body.media.join(' and ')}`) : failed(answer);
};
