// What OVH's documentation shows for SMS users (the guide's steps and the API console's examples), as calls with the answers that any client must get.
import { expect } from '@jest/globals';

/** `[status, message]`: the call is refused so. */
export type Refused = Readonly<{ status: number; message: string }>;
export type Step = Readonly<{ call: readonly [method: string, path: string, parameters?: Readonly<Record<string, unknown>>]; answer: unknown } | { call: readonly [string, string, Readonly<Record<string, unknown>>?]; refused: Refused }>;

const report = (receivers: readonly string[], invalid: readonly string[] = []) => ({
  ids: receivers.map(() => expect.any(Number)),
  invalidReceivers: invalid,
  totalCreditsRemoved: receivers.length,
  validReceivers: receivers,
});

/** On a first start: 200 credits, the user `demo`. */
export const documentedSteps = (serviceName: string, sender: string): readonly Step[] => {
  const account = `/sms/${serviceName}`;
  const users = `${account}/users`;
  const scripts = `${users}/scripts`;
  const receivers = ['+33600000004'];
  const user = {
    login: 'scripts',
    password: '',
    quotaInformations: { quotaLeft: 150, quotaStatus: 'active' },
    alertThresholdInformations: { alertEmail: 'owner@example.org', alertNumber: '', alertThreshold: 20, support: 'mail' },
    ipRestrictions: ['8.8.8.8'],
    callBack: 'https://example.org/dlr',
    stopCallBack: null,
  };
  return [
    { call: ['GET', '/auth/time'], answer: expect.any(Number) },
    { call: ['GET', '/sms'], answer: [serviceName] },
    { call: ['GET', '/sms/'], answer: [serviceName] },
    { call: ['GET', account], answer: expect.objectContaining({ name: serviceName, creditsLeft: 200, creditsHoldByQuota: 0, userQuantityWithQuota: 0 }) },
    { call: ['POST', users, { login: 'scripts', password: 'Script01' }], answer: null },
    { call: ['GET', users], answer: ['demo', 'scripts'] },
    { call: ['PUT', scripts, { quotaInformations: { quotaLeft: 150, quotaStatus: 'active' } }], answer: null },
    { call: ['PUT', scripts, { alertThresholdInformations: user.alertThresholdInformations }], answer: null },
    { call: ['PUT', scripts, { ipRestrictions: ['8.8.8.8'] }], answer: null },
    { call: ['PUT', scripts, { callBack: 'https://example.org/dlr' }], answer: null },
    { call: ['PUT', scripts, { password: 'Script02' }], answer: null },
    { call: ['GET', scripts], answer: user },
    { call: ['GET', account], answer: expect.objectContaining({ creditsLeft: 50, creditsHoldByQuota: 150, userQuantityWithQuota: 1 }) },
    {
      call: [
        'POST',
        `${scripts}/jobs`,
        {
          message: 'Zażółć gęślą jaźń',
          receivers: ['0033600000004', 'nobody'],
          sender,
          noStopClause: true,
          class: 'phoneDisplay',
          coding: '8bit',
          charset: 'UTF-8',
          priority: 'high',
          validityPeriod: 2880,
          differedPeriod: 0,
          senderForResponse: false,
          tag: 'guide',
        },
      ],
      answer: { ...report(receivers, ['nobody']), tag: 'guide' },
    },
    { call: ['POST', `${account}/jobs/`, { message: 'From the pool', receivers, sender, noStopClause: true }], answer: report(receivers) },
    { call: ['GET', `${scripts}/outgoing`], answer: expect.any(Array) },
    { call: ['GET', '/sms/ptts', { ptt: 4 }], answer: { comment: expect.any(String), description: expect.any(String), duration: 'permanent' } },
    { call: ['GET', `${users}/nobody`], refused: { status: 404, message: 'The requested object does not exist' } },
    { call: ['GET', '/sms/sms-xx99999-1'], refused: { status: 404, message: 'This service does not exist' } },
    {
      call: ['PUT', scripts, { quotaInformations: { quotaLeft: 500, quotaStatus: 'active' } }],
      refused: { status: 400, message: 'quotaInformations.quotaLeft must not be greater than 198' },
    },
    { call: ['DELETE', scripts], answer: null },
    { call: ['GET', users], answer: ['demo'] },
  ];
};
