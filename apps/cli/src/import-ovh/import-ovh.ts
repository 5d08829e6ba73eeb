import { z } from 'zod';
import { accountView, names, pathOf, type Failed, type OperatorApi } from '../operator-api.client.js';
import { newPassword } from '../manage-users/users.commands.js';
import type { OvhApi } from './ovh-api.client.js';

const ovhAccount = z.looseObject({
  description: z.string().nullish(),
  creditsLeft: z.number(),
  creditsHoldByQuota: z.number(),
  callBack: z.string().nullish(),
  stopCallBack: z.string().nullish(),
  templates: z.looseObject({}).nullish(),
});
const ovhUser = z.looseObject({
  login: z.string(),
  quotaInformations: z.object({ quotaLeft: z.number(), quotaStatus: z.enum(['active', 'inactive']) }),
  alertThresholdInformations: z.object({
    alertEmail: z.string().nullish(),
    alertNumber: z.string().nullish(),
    alertThreshold: z.number(),
    support: z.enum(['both', 'mail', 'sms']),
  }),
  ipRestrictions: z.array(z.string()).nullish(),
  callBack: z.string().nullish(),
  stopCallBack: z.string().nullish(),
});
const ovhSender = z.looseObject({ sender: z.string(), status: z.string(), description: z.string().nullish() });

export type Import = {
  account: string;
  users: string[];
  /** New ones, of users that were not there before: nobody can read the old ones. */
  passwords: Record<string, string>;
  senders: string[];
  creditsAdded: number;
  /** What Kwota did not take, and why. */
  notTaken: string[];
};
export type ImportOptions = Readonly<{ withCredits: boolean }>;

/** Whoever asks must know: without an account nothing else can come. */
export class ImportStopped extends Error {
  constructor(readonly failure: Failed) {
    super(failure.message);
  }
}

/**
 * Users, quotas, thresholds, address lists, callbacks, templates and senders of an OVH account into one of Kwota's. Run again it brings what
 * has changed since; users that are there keep their passwords.
 */
export const importOvh = async (ovh: OvhApi, kwota: OperatorApi, from: string, account: string, { withCredits }: ImportOptions): Promise<Import> => {
  const path = `/sms/${encodeURIComponent(from)}`;
  const theirs = await ovh.get(path, ovhAccount);
  const result: Import = { account, users: [], passwords: {}, senders: [], creditsAdded: 0, notTaken: [] };
  const note = (what: string, answer: { outcome: 'done' } | Failed): boolean => {
    if (answer.outcome === 'done') return true;
    if (answer.outcome === 'unreachable') throw new ImportStopped(answer);
    result.notTaken.push(`${what}: ${answer.message}`);
    return false;
  };

  const created = await kwota.post(pathOf(), { serviceName: account, description: theirs.description || `From OVH ${from}` }, z.object({ serviceName: z.string() }));
  if (created.outcome !== 'done') throw new ImportStopped(created);
  if (withCredits) await addCredits(kwota, account, from, theirs.creditsLeft + theirs.creditsHoldByQuota, result, note);
  await importAccount(kwota, account, theirs, note);
  for (const name of await ovh.get(`${path}/senders`, names)) {
    const sender = await ovh.get(`${path}/senders/${encodeURIComponent(name)}`, ovhSender);
    if (sender.status !== 'enable') result.notTaken.push(`sender ${name}: it is ${sender.status} at OVH`);
    else if (note(`sender ${name}`, await kwota.post(pathOf(account, 'senders'), { sender: name, description: sender.description ?? '' }, z.null()))) result.senders.push(name);
  }
  const before = await kwota.get(pathOf(account, 'users'), names);
  if (before.outcome !== 'done') throw new ImportStopped(before);
  for (const login of await ovh.get(`${path}/users`, names)) {
    const user = await ovh.get(`${path}/users/${encodeURIComponent(login)}`, ovhUser);
    if (!before.body.includes(login)) {
      const password = newPassword();
      if (!note(`user ${login}`, await kwota.post(pathOf(account, 'users'), { login, password }, z.null()))) continue;
      result.passwords[login] = password;
    }
    // Part by part, so that one that is refused keeps none of the others out.
    for (const [part, body] of Object.entries(partsOf(user))) note(`user ${login}, ${part}`, await kwota.put(pathOf(account, 'users', login), body));
    result.users.push(login);
  }
  return result;
};

type Note = (what: string, answer: { outcome: 'done' } | Failed) => boolean;

/** Credits at OVH stay there; this says that as many are to be spent here. The reference makes it happen once. */
const addCredits = async (kwota: OperatorApi, account: string, from: string, credits: number, result: Import, note: Note): Promise<void> => {
  const amount = atMostThreeDecimals(credits);
  if (amount <= 0) return;
  const before = await kwota.get(pathOf(account), accountView);
  const added = await kwota.post(pathOf(account, 'credits'), { credits: amount, reference: `import-ovh-${from}` }, z.object({ creditsLeft: z.number() }));
  if (note('credits', added) && before.outcome === 'done' && added.outcome === 'done') result.creditsAdded = atMostThreeDecimals(added.body.creditsLeft - before.body.creditsLeft);
};

const importAccount = async (kwota: OperatorApi, account: string, { callBack, stopCallBack, templates }: z.infer<typeof ovhAccount>, note: Note): Promise<void> => {
  const parts = { callBack: callBack ? { callBack } : undefined, stopCallBack: stopCallBack ? { stopCallBack } : undefined, templates: templates ? { templates } : undefined };
  for (const [part, body] of Object.entries(parts)) if (body) note(`account, ${part}`, await kwota.put(pathOf(account), body));
};

const partsOf = ({ quotaInformations: quota, alertThresholdInformations: alert, ipRestrictions, callBack, stopCallBack }: z.infer<typeof ovhUser>): Record<string, object> => ({
  quota: { quotaInformations: { ...quota, quotaLeft: quota.quotaStatus === 'active' ? atMostThreeDecimals(quota.quotaLeft) : 0 } },
  alert: {
    alertThresholdInformations: {
      alertEmail: alert.alertEmail ?? '',
      alertNumber: alert.alertNumber ?? '',
      alertThreshold: alert.alertThreshold < 1 ? -1 : Math.floor(alert.alertThreshold),
      support: alert.support,
    },
  },
  ...(ipRestrictions?.length ? { addresses: { ipRestrictions } } : {}),
  ...(callBack ? { callBack: { callBack } } : {}),
  ...(stopCallBack ? { stopCallBack: { stopCallBack } } : {}),
});

/** Floored: never more than OVH says. */
export const atMostThreeDecimals = (credits: number): number => Math.floor(credits * 1_000 + 1e-6) / 1_000;
