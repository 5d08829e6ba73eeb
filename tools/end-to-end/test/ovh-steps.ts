// What OVH's documentation shows for SMS users, step by step, and what each client must make of the answers.
import type { FirstStart } from '@kwota/testing/kwota-process';

/** In a path a colon stands before what is variable, for clients that build it. */
export type Step = Readonly<{ method: string; path: string; body?: Readonly<Record<string, unknown>>; expected: unknown }>;
/** An error as a client tells it: HTTP status and message. */
export class Refused {
  constructor(
    readonly status: number,
    readonly message: string,
  ) {}
}

const report = (receivers: readonly string[], invalid: readonly string[]) => ({
  ids: receivers.map(() => expect.any(Number)),
  invalidReceivers: invalid,
  totalCreditsRemoved: receivers.length,
  validReceivers: receivers,
});

/** The guide's five steps and sending, with an API user of this client's own. */
export const ovhSteps = ({ serviceName, sender }: FirstStart, login: string): readonly Step[] => {
  const account = `/sms/:${serviceName}`;
  const user = `${account}/users/:${login}`;
  const quota = 20;
  return [
    { method: 'GET', path: '/sms', expected: [serviceName] },
    { method: 'GET', path: account, expected: expect.objectContaining({ name: serviceName, creditsLeft: expect.any(Number), userQuantityWithQuota: 0 }) },
    { method: 'POST', path: `${account}/users`, body: { login, password: 'Script01' }, expected: null },
    { method: 'GET', path: `${account}/users`, expected: expect.arrayContaining(['demo', login]) },
    { method: 'PUT', path: user, body: { quotaInformations: { quotaLeft: quota, quotaStatus: 'active' } }, expected: null },
    {
      method: 'PUT',
      path: user,
      body: { alertThresholdInformations: { alertEmail: 'owner@example.org', alertNumber: '', alertThreshold: 5, support: 'mail' } },
      expected: null,
    },
    { method: 'PUT', path: user, body: { ipRestrictions: ['8.8.8.8'] }, expected: null },
    { method: 'PUT', path: user, body: { callBack: 'https://example.org/dlr' }, expected: null },
    { method: 'PUT', path: user, body: { password: 'Script02' }, expected: null },
    {
      method: 'GET',
      path: user,
      expected: {
        login,
        password: '',
        quotaInformations: { quotaLeft: quota, quotaStatus: 'active' },
        alertThresholdInformations: { alertEmail: 'owner@example.org', alertNumber: '', alertThreshold: 5, support: 'mail' },
        ipRestrictions: ['8.8.8.8'],
        callBack: 'https://example.org/dlr',
        stopCallBack: null,
      },
    },
    { method: 'GET', path: account, expected: expect.objectContaining({ creditsHoldByQuota: quota, userQuantityWithQuota: 1 }) },
    {
      method: 'POST',
      path: `${user}/jobs`,
      body: {
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
      expected: { ...report(['+33600000004'], ['nobody']), tag: 'guide' },
    },
    // The example of OVH's own guides, for every language: no sender, but one for answers.
    {
      method: 'POST',
      path: `${account}/jobs`,
      body: {
        charset: 'UTF-8',
        class: 'phoneDisplay',
        coding: '7bit',
        message: 'Bonjour les SMS OVH par api.ovh.com',
        noStopClause: false,
        priority: 'high',
        receivers: ['+33600000004'],
        senderForResponse: true,
        validityPeriod: 2880,
      },
      expected: report(['+33600000004'], []),
    },
    { method: 'GET', path: `${user}/outgoing`, expected: expect.any(Array) },
    { method: 'GET', path: `${user}/jobs`, expected: expect.any(Array) },
    { method: 'GET', path: '/sms/ptts', body: { ptt: 4 }, expected: { comment: expect.any(String), description: expect.any(String), duration: 'permanent' } },
    {
      method: 'POST',
      path: '/sms/estimate',
      body: { message: 'a'.repeat(161), noStopClause: true, senderType: 'alpha' },
      expected: { characters: 161, charactersClass: '7bits', maxCharactersPerPart: 153, parts: 2 },
    },
    { method: 'GET', path: `${account}/senders`, expected: [sender] },
    { method: 'GET', path: `${account}/senders/:${sender}`, expected: expect.objectContaining({ sender, status: 'enable', type: 'alpha' }) },
    { method: 'GET', path: `${account}/document`, body: { wayType: 'outgoing', tag: 'guide' }, expected: expect.any(String) },
    { method: 'GET', path: `${account}/phonebooks`, expected: [] },
    { method: 'GET', path: `${account}/users/:nobody`, expected: new Refused(404, 'The requested object does not exist') },
    { method: 'GET', path: '/sms/:sms-xx99999-1', expected: new Refused(404, 'This service does not exist') },
    { method: 'POST', path: `${account}/users`, body: { login, password: 'Script01' }, expected: new Refused(409, 'This login already exists') },
    { method: 'POST', path: `${account}/users`, body: { login: 'short', password: 'no' }, expected: new Refused(400, 'password must be exactly 8 word characters (letters, digits, _)') },
    { method: 'DELETE', path: user, expected: null },
    { method: 'GET', path: `${account}/users`, expected: ['demo'] },
  ];
};
